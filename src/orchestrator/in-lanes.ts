/**
 * Takes the items of one lane in turn, and those of several lanes side by side, at most `atOnce` of them. After one has failed
 * nothing more is begun; what is under way ends before the failure is thrown.
 */
export const inLanes = async <T>(
  items: readonly T[],
  laneOf: (item: T) => string,
  atOnce: number,
  take: (item: T) => Promise<void>,
): Promise<void> => {
  const lanes = new Map<string, T[]>();
  for (const item of items) {
    const lane = lanes.get(laneOf(item));
    if (lane === undefined) lanes.set(laneOf(item), [item]);
    else lane.push(item);
  }
  const waiting = lanes.values();
  const failures: unknown[] = [];
  const tryOne = async (item: T) => {
    try {
      if (failures.length === 0) await take(item);
    } catch (error) {
      failures.push(error);
    }
  };
  const work = async () => {
    for (const lane of waiting) for (const item of lane) await tryOne(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, lanes.size) }, work));
  if (failures.length > 0) throw failures[0];
};
