import { appendBesidePeers } from './lib/append-beside-peers.mjs';

export const title = 'append beside event stores on PostgreSQL: appendfsync always, synchronous_commit on; 300 B';

export const run = (signal) => appendBesidePeers('always', signal, { withGoals: true });
