import { linkTo } from '../shell/route.js';
import { Panel } from '../ui/parts.js';
import { FeedView } from './feed-view.js';

/** The feed beside other things. */
export const FeedPanel = () => (
  <Panel
    title="Live Feed"
    flush
    actions={
      <a className="button button-small" href={linkTo({ screen: 'feed' })}>
        Search and filter
      </a>
    }
  >
    <FeedView compact />
  </Panel>
);
