import { plural } from '#wording';
import type { SprintView } from '../api/views.js';
import { linkTo } from '../shell/route.js';
import { useSprints } from '../shell/sprints-store.js';
import { Empty, Failed, Loading, Panel } from '../ui/parts.js';
import { Badge } from '../ui/status.js';
import { moment } from '../ui/words.js';
import { levelsOf, reached } from './level.js';
import './progress.css';

/** Whether the repositories get better: what was found at each sprint, what the swarm mended, the level reached. */
export const ProgressScreen = () => {
  const sprints = useSprints();
  const scanned = (sprints.data?.items ?? [])
    .filter(({ plan }) => plan !== undefined && plan.follows === undefined)
    .toReversed();
  const repositories = Map.groupBy(scanned, ({ repository }) => repository.repositoryId);
  return (
    <>
      <div className="page-head">
        <h1>Progress</h1>
      </div>
      {sprints.isError && <Failed what="The sprints" error={sprints.error} retry={() => void sprints.refetch()} />}
      {sprints.isPending && <Loading what="the sprints" />}
      {sprints.data !== undefined && repositories.size === 0 && (
        <Empty title="No repository was scanned yet">
          <p>Each plan counts what there is to improve; from the second one on you see here whether it gets less.</p>
        </Empty>
      )}
      <div className="stack">
        {[...repositories].map(([id, of]) => (
          <RepositoryProgress key={id} sprints={of} />
        ))}
      </div>
    </>
  );
};

const RepositoryProgress = ({ sprints }: { readonly sprints: readonly SprintView[] }) => {
  const last = sprints.at(-1);
  if (last?.plan === undefined) return null;
  const levels = levelsOf(last);
  const level = reached(levels);
  const passed = sprints.flatMap(({ tasks }) => tasks).filter(({ status }) => status === 'passed');
  const mended = sprints
    .flatMap(({ plan, tasks }) =>
      (plan?.tasks ?? []).filter(({ taskId }) =>
        tasks.some((task) => task.taskId === taskId && task.status === 'passed'),
      ),
    )
    .reduce((sum, { evidence }) => sum + evidence.length, 0);
  return (
    <Panel
      title={last.repository.name}
      actions={
        <Badge mood={level >= 3 ? 'good' : level === 2 ? 'info' : 'quiet'}>
          level {level} of {levels.length}: {levels[level - 1]?.name ?? 'unknown'}
        </Badge>
      }
    >
      <div className="progress">
        <Chart sprints={sprints} />
        <div className="stack">
          <p>
            The swarm made {plural(passed.length, 'verified branch', 'verified branches')}, mending{' '}
            {plural(mended, 'finding')}.
          </p>
          <ol className="levels">
            {levels.map(({ level: number, name, conditions }) => (
              <li key={number} className={number <= level ? 'level-reached' : ''}>
                <strong>
                  {number} {name}
                </strong>
                <ul>
                  {conditions.map(({ text, met }) => (
                    <li key={text}>
                      <span className={met ? 'tone-good' : 'tone-warning'} aria-hidden="true">
                        {met ? '✓' : '·'}
                      </span>{' '}
                      {text}
                      <span className="visually-hidden">{met ? ' (met)' : ' (not met)'}</span>
                    </li>
                  ))}
                </ul>
              </li>
            ))}
          </ol>
        </div>
      </div>
    </Panel>
  );
};

const SOURCES = ['links', 'markdown', 'spelling', 'lint', 'todo', 'coverage'] as const;
const SHOWN = 30;

/** Findings by source at each scan: bars for the eye, and the same as a table. */
const Chart = ({ sprints }: { readonly sprints: readonly SprintView[] }) => {
  const shown = sprints.slice(-SHOWN);
  const most = Math.max(1, ...shown.map(({ plan }) => plan?.findings.total ?? 0));
  return (
    <figure className="chart">
      <div className="chart-bars" aria-hidden="true">
        {shown.map(({ sprintId, plan, createdAt }) => (
          <a
            key={sprintId}
            className="chart-bar"
            tabIndex={-1}
            href={linkTo({ screen: 'sprint', sprintId, tab: 'plan' })}
            title={`${moment(createdAt)}: ${plural(plan?.findings.total ?? 0, 'finding')}`}
          >
            <span className="chart-count">{plan?.findings.total ?? 0}</span>
            {SOURCES.map((source, index) => (
              <span
                key={source}
                className={`source-${index}`}
                style={{ height: `${((plan?.findings.bySource[source]?.total ?? 0) / most) * 150}px` }}
              />
            ))}
          </a>
        ))}
      </div>
      <figcaption className="row">
        {SOURCES.map((source, index) => (
          <span key={source} className="row legend">
            <span className={`swatch source-${index}`} aria-hidden="true" />
            {source}
          </span>
        ))}
      </figcaption>
      <details>
        <summary>As a table</summary>
        <div className="scroll-x">
          <table>
            <thead>
              <tr>
                <th scope="col">scan</th>
                {SOURCES.map((source) => (
                  <th key={source} scope="col">
                    {source}
                  </th>
                ))}
                <th scope="col">all</th>
              </tr>
            </thead>
            <tbody>
              {shown.map(({ sprintId, plan, createdAt }) => (
                <tr key={sprintId}>
                  <th scope="row">
                    <a href={linkTo({ screen: 'sprint', sprintId, tab: 'plan' })}>{moment(createdAt)}</a>
                  </th>
                  {SOURCES.map((source) => (
                    <td key={source}>{plan?.findings.bySource[source]?.total ?? 0}</td>
                  ))}
                  <td>{plan?.findings.total ?? 0}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  );
};
