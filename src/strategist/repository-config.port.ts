// What a repository says about itself in `.hyper-run.json`, at the base commit.
import { z } from 'zod';
import { Budgets, FindingSource, HyperRunError, Troubles } from '#contracts';

const patterns = z.array(z.string().min(1).max(1024)).max(100);
const commands = z.array(z.string().min(1).max(2000)).max(20);

const sprintBudgets = z.strictObject(Budgets.shape.sprint.unwrap().shape);
const budgets = z.strictObject({ ...Budgets.partial().shape, sprint: sprintBudgets.optional() });

export const RepositoryConfig = z.strictObject({
  $schema: z.string().max(1024).optional(),
  scope: patterns.min(1).optional(),
  setup: commands.optional(),
  /** Hosts that set-up needs; a person grants them. Absent: those of the registries that it is known to use. */
  setupHosts: z.array(z.string().min(1).max(255)).max(20).optional(),
  verify: commands.optional(),
  protect: patterns.optional(),
  unreadable: patterns.optional(),
  /** Kind of finding → kind of agent, one of those that the service has. */
  agents: z.partialRecord(FindingSource, z.string().min(1).max(40)).optional(),
  /** Kinds of agents that may take over from others, in this order; in place of those that the service names. */
  fallbacks: z.array(z.string().min(1).max(40)).max(20).optional(),
  budgets: budgets.optional(),
  /** What becomes of a task whose agent gets into trouble. */
  troubles: z.strictObject(Troubles.partial().shape).optional(),
});
export type RepositoryConfig = z.infer<typeof RepositoryConfig>;

/** @throws HyperRunError `repository.invalid-config`: every wrong field with what was expected */
export const readRepositoryConfig = (text: string): RepositoryConfig => {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (cause) {
    throw invalid('it is not JSON', cause);
  }
  const parsed = RepositoryConfig.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`);
  throw invalid(faults.slice(0, 10).join('; '), parsed.error);
};

const invalid = (why: string, cause: unknown) =>
  new HyperRunError('repository.invalid-config', `.hyper-run.json: ${why}. Mend it and commit.`, {}, 'caller', {
    cause,
  });
