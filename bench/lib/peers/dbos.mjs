import { payload } from '../events.mjs';
import { load } from '../not-measured.mjs';

/** One workflow of DBOS whose steps return 300 bytes each; a step's result is in PostgreSQL before the next one begins. */
export const open = async (url) => {
  const { DBOS } = await load('@dbos-inc/dbos-sdk');
  const work = async (count) => {
    for (let n = 0; n < count; n++) await DBOS.runStep(async () => payload(n), { name: 'step' });
  };
  const workflow = DBOS.registerWorkflow(work, { name: 'work' });
  DBOS.setConfig({ name: 'bench', systemDatabaseUrl: url, logLevel: 'error', applicationVersion: '1' });
  await DBOS.launch();
  return { steps: (count) => workflow(count), close: () => DBOS.shutdown() };
};
