import { resolve } from 'node:path';
import type { Address } from './address.js';
import type { Context } from './context.js';
import { reachOrStart } from './service-process.js';

/** Works with the service that answers, or with one that is started for this and ended after it. */
export const withService = async <T>(
  context: Context,
  path: string,
  work: (address: Address) => Promise<T>,
): Promise<T> => {
  const env = {
    ...context.env,
    HYPER_RUN_REPOSITORIES: context.env.HYPER_RUN_REPOSITORIES ?? resolve(context.cwd, path),
  };
  const { address, own } = await reachOrStart(
    env,
    () => context.note(context.style.dim('No service answers: starting one for this.')),
    context.signal,
  );
  try {
    return await work(address);
  } finally {
    await own?.stop();
  }
};
