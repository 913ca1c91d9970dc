import { randomBytes } from 'node:crypto';
import { isGitFailure, runGit } from './run-git.js';
import type { GitRepository } from './repository.js';

/** How git tells of one path: where the pattern stands, the pattern, and the path again. */
const FIELDS = 4;
/** So that no name begins with a colon, which would make a pattern of it. */
const HERE = './';

/**
 * Which of these are ignored by the `.gitignore` files of a work tree and by the repository's own exclusions. Nothing of it needs to
 * be there, and what is tracked counts as well. Paths are latin1 strings that hold the bytes of a name; where git will not say,
 * none is ignored.
 */
export const ignoredAmong = async (
  repository: GitRepository,
  workTree: string,
  entries: readonly { readonly path: string; readonly isFolder: boolean }[],
): Promise<ReadonlySet<string>> => {
  // git sees no folder where none is; but what lies in one can only match a pattern for folders by the folder itself.
  const child = `/hyper-run-${randomBytes(8).toString('hex')}`;
  const asked = entries.flatMap(({ path, isFolder }) => [path, ...(isFolder ? [path + child] : [])]);
  const args = ['check-ignore', '--no-index', '--verbose', '-z', '--stdin'];
  const call = {
    ...repository.call,
    workTree,
    literalPaths: false,
    input: Buffer.from(asked.map((path) => `${HERE}${path}\0`).join(''), 'latin1'),
  };
  const said = await runGit(args, { ...call, answers: [0, 1] }).catch((error: unknown) => {
    if (isGitFailure(error)) return undefined;
    throw error;
  });
  const fields = said?.stdout.toString('latin1').split('\0').slice(0, -1) ?? [];
  const ignored = new Set<string>();
  for (let index = 0; index + FIELDS <= fields.length; index += FIELDS) {
    const [, , pattern = '', told = ''] = fields.slice(index, index + FIELDS);
    const path = told.slice(HERE.length);
    if (pattern.startsWith('!')) continue;
    if (!path.endsWith(child)) ignored.add(path);
    else if (pattern.endsWith('/')) ignored.add(path.slice(0, -child.length));
  }
  return ignored;
};
