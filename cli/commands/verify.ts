import { stat } from 'node:fs/promises';
import { Command } from 'commander';
import { SealCheck } from '../api.js';
import { texts, type Context } from '../context.js';
import { usageError, workFailed } from '../exit-codes.js';
import { plural, short } from '../render/style.js';
import { oneLine } from '../text.js';
import { verifyOffline, type OfflineProof } from '../verification.js';
import { jsonOption } from './options.js';

interface VerifyOptions {
  readonly repository?: string;
  readonly json?: boolean;
}

export const verifyCommand = (context: Context) =>
  new Command('verify')
    .description('prove that nothing of a sprint was changed since; with an export or an archive, offline')
    .argument('<sprint|export.ndjson|archive.ndjson.gz>')
    .option('-r, --repository <path>', 'compare the seals in its commits, too; for an export or an archive')
    .addOption(jsonOption())
    .action(async (subject: string, options: VerifyOptions) => {
      const isFile = await stat(subject).then(
        (entry) => entry.isFile(),
        () => false,
      );
      if (!isFile && /[./\\]/.test(subject)) throw usageError(`There is no file ${subject}.`);
      return isFile ? offline(context, subject, options) : online(context, subject, options);
    });

const online = async (context: Context, sprintId: string, options: VerifyOptions): Promise<void> => {
  if (options.repository !== undefined)
    throw usageError('--repository is for an export or an archive. Make one: hyper-run export <sprint>');
  const client = await context.connect(texts(options));
  const answer = await client.get(SealCheck, `/hyper-running/sprints/${encodeURIComponent(sprintId)}/verify`);
  if (options.json) context.json(answer, 2);
  else context.line(verdict(context, answer.valid, `the service recomputed the seals of sprint ${sprintId}`));
  if (!options.json) context.lines(problems(answer.problems ?? []).map((text) => `  ${text}`));
  if (!answer.valid) throw workFailed('The history is not what was recorded.');
};

const offline = async (context: Context, file: string, options: VerifyOptions): Promise<void> => {
  const proof = await verifyOffline(file, options.repository);
  if (options.json) context.json(proof, 2);
  else context.lines(told(context, proof, options.repository !== undefined));
  if (!proof.valid) throw workFailed('The export is not what was recorded.');
};

const told = (context: Context, proof: OfflineProof, withRepository: boolean): string[] => [
  verdict(
    context,
    proof.valid,
    `${plural(proof.events, 'event')} in ${plural(proof.heads.length, 'stream')}, every hash made again`,
  ),
  ...problems(proof.problems).map((text) => `  ${context.style.red(text)}`),
  ...proof.commits.map(
    ({ commit, branch, result }) => `  ${short(commit)}  ${oneLine(branch, 60)}  ${MEANING[result]}`,
  ),
  ...(withRepository ? [] : [context.style.dim('  With --repository the seals in the commits are compared, too.')]),
];

const SHOWN = 8;

const problems = (all: readonly { readonly text: string }[]): string[] => [
  ...all.slice(0, SHOWN).map(({ text }) => oneLine(text, 300)),
  ...(all.length > SHOWN ? [`… and ${all.length - SHOWN} more: --json has them all`] : []),
];

const MEANING = {
  proven: 'carries the seal of its history and the tree that was verified',
  absent: 'is not in this repository',
  'no seal': 'carries no seal: it was rewritten, or is not ours',
  'another tree': 'has another tree than the one that was verified',
} as const;

const verdict = ({ style }: Context, valid: boolean, text: string) =>
  valid ? `${style.green('✔ unchanged')}  ${text}` : `${style.red('✘ changed')}  ${text}`;
