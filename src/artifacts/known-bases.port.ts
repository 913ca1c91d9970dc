import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bodiesOf, eventSchemas, type EventData, type Oid, type Plan } from '#contracts';
import { event } from '#domain';
import type { ArtifactStore } from './artifact-store.port.js';

type Base = EventData<'sprint.base-verified'>;
type Verification = Plan['verification'];

/** Bases that passed, in the data directory: by tree, commands and set-up, so that the next sprint on that tree need not ask. */
export class KnownBases {
  constructor(
    private readonly directory: string,
    private readonly artifacts: ArtifactStore,
  ) {}

  /** Only where all that it refers to is still there; that counts as put there anew. */
  async find(tree: Oid, verification: Verification): Promise<Base | undefined> {
    const text = await readFile(this.#fileOf(tree, verification), 'utf8').catch(() => undefined);
    const base = text === undefined ? undefined : parse(text);
    for (const { sha } of base === undefined ? [] : bodiesOf(event('sprint.base-verified', base)))
      if (!(await this.artifacts.renew(sha))) return undefined;
    return base;
  }

  async remember(base: Base, verification: Verification): Promise<void> {
    const file = this.#fileOf(base.tree, verification);
    const draft = `${file}.${randomUUID()}`;
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    await writeFile(draft, JSON.stringify(base), { mode: 0o600 });
    await rename(draft, file);
  }

  /** It is verified anew by the next sprint on that tree. */
  async forget(tree: Oid, verification: Verification): Promise<void> {
    await rm(this.#fileOf(tree, verification), { force: true });
  }

  #fileOf(tree: Oid, verification: Verification): string {
    const { setup, commands, setupNetwork, setupHosts, timeoutSeconds } = verification;
    const key = createHash('sha256')
      .update(JSON.stringify([tree, setup, commands, setupNetwork, setupHosts, timeoutSeconds, process.version]))
      .digest('hex');
    return join(this.directory, `${key}.json`);
  }
}

const parse = (text: string): Base | undefined => {
  try {
    return eventSchemas['sprint.base-verified'].parse(JSON.parse(text));
  } catch {
    // A damaged file holds nothing that cannot be found out again.
    return undefined;
  }
};
