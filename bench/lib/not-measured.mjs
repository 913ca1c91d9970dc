/** A peer that cannot run here: its line says why, and no figure stands in for it. */
export class NotMeasured extends Error {}

/** A package of bench/package.json. */
export const load = async (name, importer = () => import(name)) => {
  try {
    return await importer();
  } catch (error) {
    if (error?.code !== 'ERR_MODULE_NOT_FOUND' && error?.code !== 'MODULE_NOT_FOUND') throw error;
    throw new NotMeasured(`${name} is not installed (npm ci --prefix bench)`);
  }
};

/** Opens each; those that cannot run here are told apart from those that fail. */
export const openAll = async (openers) => {
  const opened = {};
  const absent = {};
  try {
    for (const [name, open] of Object.entries(openers)) {
      try {
        opened[name] = await open();
      } catch (error) {
        if (!(error instanceof NotMeasured)) throw error;
        absent[name] = error.message;
      }
    }
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
  return { opened, absent };
};

export const closeAll = async (opened) => {
  for (const one of Object.values(opened).toReversed()) await one.close();
};
