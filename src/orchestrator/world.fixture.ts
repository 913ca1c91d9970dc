// A world as tests tell it.
import type { AnyEvent, StreamName, Version } from '#contracts';
import { evolveWorld, newWorld, type World } from '#domain';

/** Folds events, one second apart, into a world. */
export const worldOf = (...events: readonly (readonly [string, AnyEvent])[]): World => {
  const world = newWorld();
  const versions = new Map<string, number>();
  for (const [index, [stream, told]] of events.entries()) {
    const version = (versions.get(stream) ?? 0) + 1;
    versions.set(stream, version);
    evolveWorld(world, {
      ...told,
      stream: stream as StreamName,
      version: version as Version,
      position: index + 1,
      time: (index + 1) * 1000,
      actor: 'person:ada',
    });
  }
  return world;
};
