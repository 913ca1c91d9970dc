import { HyperRunError } from '#contracts';
import type { GitRepository } from './repository.js';
import { DURABLE } from './refs.js';
import { isGitFailure, runGit } from './run-git.js';

/** Above this a pack stays a pack; below, loose objects keep the user's number of packs (and git's urge to gc) down. */
const MAX_LOOSE_OBJECTS = 100;

/**
 * Brings the objects of a pack into the repository. git names each object by its content, checks its syntax, and
 * refuses links to objects that neither the pack nor the repository has. Doing it again does no harm.
 * @throws HyperRunError git.bad-pack, git.failed
 */
export const importPack = async (repository: GitRepository, pack: Buffer): Promise<void> => {
  if (pack.length < 32 || pack.toString('latin1', 0, 4) !== 'PACK') throw badPack('it does not begin like one');
  const args =
    pack.readUInt32BE(8) > MAX_LOOSE_OBJECTS
      ? ['index-pack', '--stdin', '--strict', '--fix-thin']
      : ['unpack-objects', '-q', '--strict'];
  try {
    await runGit(args, { ...repository.call, ...DURABLE, input: pack, timeoutMs: 300_000 });
  } catch (error) {
    throw isGitFailure(error) ? badPack(error.message, error) : error;
  }
};

const badPack = (why: string, cause?: Error) =>
  new HyperRunError('git.bad-pack', `The pack was not imported: ${why}`, {}, 'operator', { cause });
