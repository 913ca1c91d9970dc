import { commandHash, newId } from '../../dist/libs/event-store/src/index.js';
import { said } from './events.mjs';

/** Appends one event to a stream of one writer, `{ name, version }`, at the exact version that the one before it left. */
export const appendNext = async (store, stream, n) => {
  await store.append({
    commandId: newId(),
    commandHash: commandHash(n),
    actor: 'worker:bench',
    writes: [{ stream: stream.name, guard: { kind: 'exact', version: stream.version }, events: [said(n)] }],
  });
  stream.version += 1;
};
