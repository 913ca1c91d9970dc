import { Command } from 'commander';
import type { Context } from '../context.js';
import { observability } from '../criteria/observability.js';
import { persistence } from '../criteria/persistence.js';
import { realTime } from '../criteria/real-time.js';
import { recovery } from '../criteria/recovery.js';
import { safety } from '../criteria/safety.js';
import { planOf, SERVICE_WITH_TRESPASSER, type Criterion } from '../criteria/set-up.js';
import { buildExample } from '../demo/history.js';
import { measureIsolation, setStage, type Stage } from '../demo/stage.js';
import { workFailed } from '../exit-codes.js';
import { table } from '../render/table.js';
import { jsonOption } from './options.js';

const EXAMPLE = 'star-ledger';

export const criteriaCommand = (context: Context) =>
  new Command('criteria')
    .description('the five success criteria, each shown by doing it')
    .addOption(jsonOption())
    .action(async (options: { json?: boolean }) => {
      const { level } = await measureIsolation();
      context.note(
        `Isolation: ${level}.${level === 'none' ? ' The operator’s word is given, for our own example alone.' : ''}`,
      );
      const settings = level === 'none' ? { HYPER_RUN_ALLOW_UNCONFINED: 'true' } : {};
      const stage = await setStage(context.env, settings, { main: SERVICE_WITH_TRESPASSER, signal: context.signal });
      try {
        await buildExample(EXAMPLE, stage.repository);
        const criteria = await show(stage, (criterion) => context.note(line(context, criterion)));
        if (options.json) context.json(criteria, 2);
        else
          context.lines([
            '',
            ...table(
              ['', 'CRITERION', 'SHOWN'],
              criteria.map((one) => row(context, one)),
              context.style,
            ),
          ]);
        const failed = criteria.filter(({ holds }) => !holds);
        if (failed.length > 0) throw workFailed(`Not shown: ${failed.map(({ name }) => name).join('; ')}.`);
      } finally {
        await stage.close();
      }
    });

const show = async (stage: Stage, tell: (criterion: Criterion) => void): Promise<Criterion[]> => {
  const shown: Criterion[] = [];
  const keep = (criterion: Criterion) => (tell(criterion), shown.push(criterion));
  const first = await stage.start();
  const timed = await realTime(first.client, await planOf(first.client, stage));
  keep(timed.criterion);
  const trespass = await safety(first.client, stage, timed.plan);
  keep(trespass.criterion);
  keep(observability(trespass.events));
  const second = await persistence(stage, first.service, first.client, trespass.sprint.sprintId);
  keep(second.criterion);
  keep(await recovery(stage, second.service, second.client));
  return shown;
};

const mark = ({ style }: Context, { holds }: Criterion) => (holds ? style.green('✔') : style.red('✘'));
const line = (context: Context, criterion: Criterion) => `${mark(context, criterion)} ${criterion.name}`;
const row = (context: Context, criterion: Criterion) => [mark(context, criterion), criterion.name, criterion.shown];
