import { basename, resolve } from 'node:path';
import { Command } from 'commander';
import { compareFingerprints, GitRepository, runGit } from '#git';
import type { EventView, PlanView, SprintView } from '../api.js';
import type { ServiceClient } from '../client.js';
import type { Context } from '../context.js';
import { agreement, historyOf, nothingMissed, sealed, sealedOffline, type Check } from '../demo/checks.js';
import { buildExample, cloneAway } from '../demo/history.js';
import { measureIsolation, setStage, type Stage } from '../demo/stage.js';
import { usageError, workFailed } from '../exit-codes.js';
import { followSprint, readReport, readSprint } from '../following.js';
import { approve, askForPlan, editPlan } from '../planning.js';
import { renderEvent } from '../render/event.js';
import { renderPlan } from '../render/plan.js';
import { outcomeOf, renderOutcome } from '../render/sprint.js';
import { clean } from '../text.js';
import { grantOption, maxTasksOption, scopeOption, type WishOptions } from './options.js';
import { wish } from './run.js';

interface DemoOptions extends WishOptions {
  readonly repository?: string;
  readonly allowSetupNetwork?: boolean;
  readonly keep?: boolean;
}

const EXAMPLE = 'star-ledger';

export const demoCommand = (context: Context) =>
  new Command('demo')
    .description('a whole sprint on a small example, in a folder that is thrown away')
    .option('-r, --repository <path>', 'on a throw-away clone of this repository instead')
    .addOption(scopeOption())
    .addOption(maxTasksOption())
    .addOption(grantOption())
    .option('--allow-setup-network', 'grant the network to the set-up commands of this plan')
    .option('--keep', 'keep the folder, to look at it')
    .action((options: DemoOptions) => demo(context, options));

const demo = async (context: Context, options: DemoOptions): Promise<void> => {
  const isolation = await measureIsolation((line) => context.note(context.style.dim(line)));
  context.line(`Isolation: ${isolation.level}. ${isolation.why}`);
  const name =
    options.repository === undefined ? EXAMPLE : basename(resolve(context.cwd, options.repository)) || 'repository';
  const settings = operatorsWord(context, isolation.level, options);
  const stage = await setStage(context.env, settings, { name, signal: context.signal });
  try {
    if (options.repository === undefined) await buildExample(EXAMPLE, stage.repository);
    else await cloneAway(resolve(context.cwd, options.repository), stage.repository);
    context.line(`Repository: ${options.repository ?? `examples/${EXAMPLE}`}, as ${stage.repository}`);
    const { client } = await stage.start();
    const failed = (await perform(context, stage, client, options, isolation.level)).filter(({ holds }) => !holds);
    if (failed.length > 0) throw workFailed(`The demo does not hold: ${failed.map(({ what }) => what).join('; ')}.`);
  } finally {
    await stage.close(options.keep);
    if (options.keep) context.note(`Kept: ${stage.folder}`);
  }
};

/** Without isolation somebody has to answer for running a repository's commands: the demo does so for its own example. */
const operatorsWord = (context: Context, level: string, { repository }: DemoOptions): NodeJS.ProcessEnv => {
  if (level !== 'none') return {};
  const given = context.env.HYPER_RUN_ALLOW_UNCONFINED === 'true';
  if (repository !== undefined && !given)
    throw usageError(
      'Commands of this repository cannot be confined here. If you trust them: HYPER_RUN_ALLOW_UNCONFINED=true',
    );
  context.line(
    repository === undefined
      ? 'Nothing can be confined here. The demo gives the operator’s word for its own example (HYPER_RUN_ALLOW_UNCONFINED=true).'
      : 'Nothing can be confined here; you have given your word for this repository (HYPER_RUN_ALLOW_UNCONFINED=true).',
  );
  return { HYPER_RUN_ALLOW_UNCONFINED: 'true' };
};

const perform = async (
  context: Context,
  stage: Stage,
  client: ServiceClient,
  options: DemoOptions,
  isolation: string,
): Promise<Check[]> => {
  const repository = await GitRepository.open(stage.repository);
  try {
    const before = await repository.fingerprint();
    heading(context, 'Plan');
    const proposed = await askForPlan(client, { path: stage.repository, ...wish(options) });
    const grants = options.allowSetupNetwork === true && proposed.tasks.length > 0;
    const plan = grants ? await editPlan(client, proposed, { setupNetwork: true }) : proposed;
    context.lines(renderPlan(plan, context.style, { evidence: 3, isolation }));
    if (plan.tasks.length === 0) return [];
    heading(context, 'Approved by the person who runs this demo. Live:');
    const live = await approveAndFollow(context, client, plan);
    const sprint = await readSprint(client, plan.planId);
    heading(context, 'Report');
    context.lines(renderOutcome(sprint, context.style, await readReport(client, plan.planId)));
    heading(context, 'Branches');
    context.raw(clean(await graph(repository)));
    const changed = compareFingerprints(before, await repository.fingerprint());
    const history = await historyOf(client, plan.planId);
    const checks: Check[] = [
      { what: 'The sprint is completed', holds: sprint.status === 'completed', found: sprint.status },
      nothingMissed(history, live),
      agreement(history, sprint),
      await sealed(client, plan.planId),
      await sealedOffline(client, plan.planId, stage.folder, stage.repository),
      {
        what: 'HEAD, index, work tree and other refs are untouched',
        holds: changed.length === 0,
        found: changed.join('; ') || 'same fingerprint',
      },
      ...(options.repository === undefined ? [honest(sprint)] : []),
    ];
    heading(context, 'Checks');
    context.lines(checks.map((check) => renderCheck(context, check)));
    return checks;
  } finally {
    repository.close();
  }
};

/** Of the example, one task fails by the example's own tests, which pin the text of a page; the others pass. */
const honest = (sprint: SprintView): Check => {
  const outcomes = sprint.tasks.map(outcomeOf);
  const failed = outcomes.filter((outcome) => outcome === 'failed').length;
  return {
    what: 'One task failed verification honestly, the others were kept',
    holds: failed === 1 && outcomes.filter((outcome) => outcome === 'passed').length === outcomes.length - 1,
    found: outcomes.join(', '),
  };
};

const approveAndFollow = async (context: Context, client: ServiceClient, plan: PlanView): Promise<EventView[]> => {
  const { cursor } = await readSprint(client, plan.planId);
  await approve(client, plan);
  const events: EventView[] = [];
  const done = await followSprint(client, plan.planId, {
    after: cursor,
    signal: context.signal,
    onEvent: (event) => {
      events.push(event);
      context.line(renderEvent(event, context.style));
      if (event.type === 'hyperrun.sprint.paused')
        throw workFailed('The sprint paused: the base does not pass its own verification.');
    },
  });
  if (!done) throw workFailed('Interrupted.');
  return events;
};

const graph = async (repository: GitRepository): Promise<string> => {
  const args = ['log', '--graph', '--decorate', '--format=%h %<(60,trunc)%s %d', '-12', '--branches'];
  return (await runGit(args, repository.call)).stdout.toString('utf8');
};

const heading = ({ line, style }: Context, text: string) => line(`\n${style.bold(style.cyan(`── ${text}`))}\n`);

export const renderCheck = ({ style }: Context, { what, holds, found }: Check): string =>
  `${holds ? style.green('✔') : style.red('✘')} ${what}  ${style.dim(found)}`;
