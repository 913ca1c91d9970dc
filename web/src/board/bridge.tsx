import { FeedPanel } from '../feed/feed-panel.js';
import { alerts, readAgain, snapshot } from '../live/present.js';
import { useStore } from '../live/store.js';
import { useHealth } from '../shell/health-store.js';
import { useKeys } from '../shell/keys.js';
import { nextAction } from '../shell/next-action.js';
import { linkTo } from '../shell/route.js';
import { useSprints } from '../shell/sprints-store.js';
import { Empty, Failed, Loading, Panel } from '../ui/parts.js';
import { Board } from './board.js';
import { lastActions } from './last-actions.js';

/** What a person sees first: the one thing to do, the crew, and what happens. */
export const Bridge = () => {
  const { board, isolationOf, loaded, failed } = useStore(snapshot);
  const actions = useStore(lastActions);
  const sprints = useSprints();
  const taskLink = (taskId: string) => {
    const sprint = sprints.data?.items.find(({ tasks }) => tasks.some((task) => task.taskId === taskId));
    return sprint && linkTo({ screen: 'task', sprintId: sprint.sprintId, taskId });
  };
  return (
    <div className="bridge">
      <h1 className="visually-hidden">Bridge</h1>
      <NextAction />
      <Panel title="Swarm Board" flush>
        {!loaded && failed !== undefined ? (
          <Failed what="The crew" error={failed} retry={readAgain} />
        ) : !loaded ? (
          <Loading what="the crew" />
        ) : board.agents.size === 0 ? (
          <Empty title="Nobody is on board yet">
            <p>Agents come on board when the first approved task needs them. Plan a sprint and approve it.</p>
          </Empty>
        ) : (
          <Board cards={board.agents} isolationOf={isolationOf} lastActions={actions} taskLink={taskLink} />
        )}
      </Panel>
      <FeedPanel />
    </div>
  );
};

const NextAction = () => {
  const sprints = useSprints();
  const raised = useStore(alerts);
  const health = useHealth();
  const next =
    sprints.data === undefined ? undefined : nextAction(sprints.data.items, raised.values(), health.data?.absentRoles);
  useKeys(next === undefined ? [] : [{ keys: 'g n', does: () => (location.hash = linkTo(next.to, next.query)) }]);
  if (sprints.isError) return <Failed what="The sprints" error={sprints.error} retry={() => void sprints.refetch()} />;
  if (next === undefined) return <Loading what="what there is to do" />;
  return (
    <section className={`next-action next-${next.mood}`} aria-label="Next action">
      <p>{next.text}</p>
      <a className="button button-primary" href={linkTo(next.to, next.query)}>
        {next.label}
      </a>
    </section>
  );
};
