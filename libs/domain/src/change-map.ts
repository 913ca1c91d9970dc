// Two ways to go from one map to the next.

/** A change of a map that somebody else may still hold, or of one that its only owner keeps. */
export type ChangeMap = <Key, Value>(
  map: ReadonlyMap<Key, Value>,
  change: (map: Map<Key, Value>) => void,
) => ReadonlyMap<Key, Value>;

/** The map stays as it was. It takes as long as the map is large. */
export const copied: ChangeMap = (map, change) => {
  const after = new Map(map);
  change(after);
  return after;
};

/** For an owner that folds millions of events, and gives out copies only. */
export const inPlace: ChangeMap = (map, change) => {
  change(map as Map<unknown, unknown> as never);
  return map;
};
