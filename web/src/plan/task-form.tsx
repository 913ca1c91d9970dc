import { useId, useState, type FormEvent, type ReactNode } from 'react';
import { clean, LIVES_ELSEWHERE } from '#wording';
import type { AgentKindView, PlannedTask } from '../api/views.js';
import { Problem } from '../ui/problem.js';
import { editOf, formOf, type TaskEdit, type TaskForm as Form } from './task-edit.js';

interface TaskFormProps {
  readonly task: PlannedTask;
  /** Kinds that could do it, its own among them. */
  readonly kinds: readonly AgentKindView[];
  readonly pending: boolean;
  readonly error: unknown;
  readonly onSave: (edit: TaskEdit) => void;
  readonly onLeave: () => void;
}
/** Changes one task of a plan: its title, its agent, what the agent is told, which of its files it may touch. */
export const TaskForm = ({ task, kinds, pending, error, onSave, onLeave }: TaskFormProps) => {
  const [form, setForm] = useState<Form>(formOf(task));
  const change = (part: Partial<Form>) => setForm({ ...form, ...part });
  const kind = kinds.find((each) => each.kind === form.agent);
  const words = kind?.understandsWords === true;
  const edit = editOf(task, form, words);
  const whole = form.title.trim() !== '' && form.paths.length > 0;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (edit === undefined) onLeave();
    else if (whole) onSave(edit);
  };
  return (
    <form className="stack task-form" onSubmit={submit} aria-label={`Edit ${clean(task.title)}`}>
      <label className="field">
        <span>Title</span>
        <input
          autoFocus
          maxLength={200}
          value={form.title}
          onChange={({ target }) => change({ title: target.value })}
        />
      </label>
      <AgentField kinds={kinds} value={form.agent} onChange={(agent) => change({ agent })} />
      <FallbacksField
        kinds={kinds.filter((each) => each.kind !== form.agent).map((each) => each.kind)}
        chosen={form.fallbacks}
        onChange={(fallbacks) => change({ fallbacks })}
      />
      {words ? (
        <label className="field">
          <span>Instructions</span>
          <textarea
            rows={5}
            maxLength={4000}
            value={form.instructions}
            onChange={({ target }) => change({ instructions: target.value })}
          />
        </label>
      ) : (
        <p className="quiet">{clean(form.agent)} follows fixed rules: it would not hear instructions.</p>
      )}
      {task.paths.length > 1 && (
        <PathsField all={task.paths} chosen={form.paths} onChange={(paths) => change({ paths })} />
      )}
      {error !== null && error !== undefined && <Problem error={error} />}
      <div className="row">
        <button type="submit" className="button" disabled={pending || !whole}>
          {pending ? 'Saving …' : 'Save'}
        </button>
        <button type="button" className="button button-plain" onClick={onLeave}>
          Leave it as it was
        </button>
        {form.paths.length === 0 && <span className="tone-bad">At least one file has to stay.</span>}
      </div>
    </form>
  );
};

interface AgentFieldProps {
  readonly kinds: readonly AgentKindView[];
  readonly value: string;
  readonly onChange: (agent: string) => void;
}
const AgentField = ({ kinds, value, onChange }: AgentFieldProps) => {
  const hint = useId();
  const chosen = kinds.find(({ kind }) => kind === value);
  return (
    <div className="stack field">
      <label className="field">
        <span>Agent</span>
        <select
          value={value}
          disabled={kinds.length < 2}
          aria-describedby={hint}
          onChange={({ target }) => onChange(target.value)}
        >
          {kinds.map(({ kind, role }) => (
            <option key={kind} value={kind}>
              {clean(kind)}: {clean(role)}
            </option>
          ))}
          {chosen === undefined && <option value={value}>{clean(value)}</option>}
        </select>
      </label>
      <p id={hint} className="quiet">
        {kinds.length < 2 ? 'No other agent of this service can do it.' : chosen && grantsOf(chosen)}
      </p>
    </div>
  );
};

/** What choosing this agent gives to it. */
const grantsOf = ({ planned: { adapter, host, model, credential } }: AgentKindView): string =>
  host === undefined
    ? adapter === 'remote'
      ? `It ${LIVES_ELSEWHERE}.`
      : 'It works without any network.'
    : `It may call ${clean(model ?? 'a model')} at ${clean(host)}${credential === undefined ? '' : `, with the key in ${clean(credential)}`}.`;

interface TicksProps {
  readonly legend: string;
  readonly all: readonly string[];
  readonly chosen: readonly string[];
  readonly onTick: (one: string, ticked: boolean) => void;
  readonly label: (one: string) => ReactNode;
}
const Ticks = ({ legend, all, chosen, onTick, label }: TicksProps) => (
  <fieldset className="paths-field">
    <legend>{legend}</legend>
    {all.map((one) => (
      <label key={one} className="check">
        <input type="checkbox" checked={chosen.includes(one)} onChange={({ target }) => onTick(one, target.checked)} />
        {label(one)}
      </label>
    ))}
  </fieldset>
);

interface FallbacksFieldProps {
  readonly kinds: readonly string[];
  readonly chosen: readonly string[];
  readonly onChange: (fallbacks: readonly string[]) => void;
}
/** Whoever is ticked later comes later. */
const FallbacksField = ({ kinds, chosen, onChange }: FallbacksFieldProps) =>
  kinds.length === 0 ? null : (
    <Ticks
      legend="Agents that may take it over where this one gets into trouble, in the order in which they are ticked"
      all={kinds}
      chosen={chosen}
      onTick={(kind, ticked) => onChange([...chosen.filter((each) => each !== kind), ...(ticked ? [kind] : [])])}
      label={(kind) => (
        <span>
          {chosen.includes(kind) && `${chosen.indexOf(kind) + 1}. `}
          {clean(kind)}
        </span>
      )}
    />
  );

interface PathsFieldProps {
  readonly all: readonly string[];
  readonly chosen: readonly string[];
  readonly onChange: (paths: readonly string[]) => void;
}
const PathsField = ({ all, chosen, onChange }: PathsFieldProps) => (
  <Ticks
    legend="Files that it may change: a part of those that the scan named"
    all={all}
    chosen={chosen}
    onTick={(path, ticked) => onChange(all.filter((each) => (each === path ? ticked : chosen.includes(each))))}
    label={(path) => <span className="mono wrap-anywhere">{clean(path)}</span>}
  />
);
