import type { Plan } from '#contracts';
import type { PlanView } from '../api.js';
import { oneLine } from '../text.js';
import { plural, short, type Style } from './style.js';

/** What is known of a plan's base commit from an earlier sprint; nothing where nothing is known. */
export const renderKnownBase = ({ knownBase }: Pick<Plan, 'knownBase'>, style: Style): string[] => {
  if (knownBase === undefined) return [];
  const { outcome, reason, at } = knownBase;
  const when = oneLine(at, 40);
  const why = reason === undefined ? '' : `: ${oneLine(reason, 300)}`;
  if (outcome === 'passed')
    return [`${style.dim('Base      ')}${style.green(`passed its verification on ${when}`)}${why}`];
  const what = outcome === 'failed' ? `failed its verification on ${when}` : `could not be verified on ${when}`;
  return [`${style.dim('Base      ')}${style.red(`${what}${why}`)}`];
};

/** That the repository has gone on since the plan was made, and whether that touches what is planned. */
export const renderHead = ({ head }: Pick<PlanView, 'head'>, style: Style): string[] => {
  if (head === undefined || !head.moved) return [];
  const { commit, changed } = head;
  const touched =
    changed.length === 0
      ? 'no planned file changed'
      : `${plural(changed.length, 'planned file')} changed: ${files(changed)}`;
  return [`${style.dim('HEAD      ')}${style.yellow(`has moved to ${short(commit)}; ${touched}`)}`];
};

const SHOWN = 5;

const files = (paths: readonly string[]): string =>
  paths
    .slice(0, SHOWN)
    .map((path) => oneLine(path))
    .join(', ') + (paths.length > SHOWN ? ` and ${paths.length - SHOWN} more` : '');
