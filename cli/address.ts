import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { HyperRunError } from '#contracts';
import { dataDirectory } from '#system-tools';
import { unreachable } from './exit-codes.js';

/** Where the service answers, and the word that it lets us in by. */
export interface Address {
  readonly url: string;
  readonly token: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const ServiceFile = z.object({ url: z.url({ protocol: /^https?$/ }), pid: z.number().int().positive() });
export type ServiceFile = z.infer<typeof ServiceFile>;

/** What the running service wrote down about itself; undefined when there is none. */
export const readServiceFile = async (directory: string): Promise<ServiceFile | undefined> => {
  const path = join(directory, 'service.json');
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  const parsed = ServiceFile.safeParse(asJson(text));
  if (parsed.success) return parsed.data;
  throw new HyperRunError(
    'service.file',
    `${path} does not hold {"url", "pid"}. Stop the service, delete it, and start again.`,
  );
};

/** HYPER_RUN_URL and HYPER_RUN_TOKEN go before what the data directory says. */
export const findAddress = async (env: Environment = process.env): Promise<Address> => {
  const directory = dataDirectory(env);
  const url = env.HYPER_RUN_URL ?? (await readServiceFile(directory))?.url;
  if (url === undefined) throw unreachable(`No service is running in ${directory}. Start one: hyper-run up`);
  const token = env.HYPER_RUN_TOKEN ?? (await readIfThere(join(directory, 'token')))?.trim();
  if (token === undefined || token === '')
    throw unreachable(`No token in ${directory}. Set HYPER_RUN_TOKEN, or HYPER_RUN_DATA_DIR to that of the service.`);
  return { url: url.replace(/\/+$/, ''), token };
};

const readIfThere = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
};

const asJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
