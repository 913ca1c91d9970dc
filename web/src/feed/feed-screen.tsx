import { FeedView } from './feed-view.js';

export const FeedScreen = () => (
  <section className="feed-screen" aria-label="Live Feed">
    <h1 className="visually-hidden">Live Feed</h1>
    <FeedView />
  </section>
);
