import { appendBesidePeers } from './lib/append-beside-peers.mjs';

export const title = 'the same where a second may be lost: appendfsync everysec, synchronous_commit off';

export const run = (signal) => appendBesidePeers('everysec', signal, { withGoals: false });
