import { useState, type FormEvent } from 'react';
import type { TaskState } from '#domain';
import { clean } from '#wording';
import { Problem } from '../ui/problem.js';
import { amountText, BUDGETS, suggestedGrant } from './budgets.js';
import type { TaskDeeds } from './task-deeds.js';

type Blocked = Extract<TaskState, { status: 'blocked' }>;
interface AnswerFormProps {
  readonly blocked: Blocked;
  readonly deeds: TaskDeeds;
}
/** What the task waits for: an answer, more of a budget, or a branch that can be made. */
export const AnswerForm = ({ blocked, deeds }: AnswerFormProps) => {
  const { answer } = deeds;
  return (
    <div className="stack">
      {blocked.kind === 'question' && blocked.question !== undefined ? (
        <QuestionForm question={blocked.question} answer={answer} />
      ) : blocked.kind === 'budget' && blocked.spent !== undefined ? (
        <GrantForm spent={blocked.spent} answer={answer} />
      ) : (
        <div className="row">
          <button
            type="button"
            className="button button-primary"
            disabled={answer.isPending}
            onClick={() => answer.mutate({})}
          >
            {answer.isPending ? 'One moment …' : blocked.kind === 'publishing' ? 'Make the branch now' : 'Go on'}
          </button>
        </div>
      )}
      {answer.isError && <Problem error={answer.error} />}
    </div>
  );
};

interface QuestionFormProps {
  readonly question: NonNullable<Blocked['question']>;
  readonly answer: TaskDeeds['answer'];
}
const QuestionForm = ({ question: { questionId, text, options }, answer }: QuestionFormProps) => {
  const [words, setWords] = useState('');
  const send = (choice?: string) =>
    answer.mutate({
      questionId,
      ...(choice === undefined ? {} : { choice }),
      ...(words.trim() === '' ? {} : { text: words.trim() }),
    });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (options.length === 0 && words.trim() !== '') send();
  };
  return (
    <form className="question stack" onSubmit={submit} aria-label="The agent asks">
      <blockquote className="wrap-anywhere pre-wrap">{clean(text)}</blockquote>
      <label className="field">
        <span>{options.length === 0 ? 'Your answer' : 'A remark (may be left out)'}</span>
        <textarea rows={2} maxLength={4000} value={words} onChange={({ target }) => setWords(target.value)} />
      </label>
      <div className="row">
        {options.map(({ id, label }) => (
          <button
            key={id}
            type="button"
            className="button button-primary wrap-anywhere"
            disabled={answer.isPending}
            onClick={() => send(id)}
          >
            {clean(label)}
          </button>
        ))}
        {options.length === 0 && (
          <button type="submit" className="button button-primary" disabled={answer.isPending || words.trim() === ''}>
            {answer.isPending ? 'Answering …' : 'Answer'}
          </button>
        )}
      </div>
    </form>
  );
};

interface GrantFormProps {
  readonly spent: NonNullable<Blocked['spent']>;
  readonly answer: TaskDeeds['answer'];
}
const GrantForm = ({ spent, answer }: GrantFormProps) => {
  const [amount, setAmount] = useState(String(suggestedGrant(spent)));
  const { unit, name } = BUDGETS[spent.budget];
  const more = Number(amount);
  const enough = more > 0 && spent.limit + more > spent.used;
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (enough) answer.mutate({ grant: { amount: more } });
      }}
    >
      <p>
        {amountText(spent.budget, spent.used)} of {amountText(spent.budget, spent.limit)} are used
        {spent.of === 'sprint' ? ' by all tasks of the sprint together' : ''}. Grant more, or discard the task.
      </p>
      <div className="row">
        <label className="row">
          <span>
            {name} more, in {unit}
          </span>
          <input
            type="number"
            min={spent.budget === 'cost' ? 0.01 : 1}
            step={spent.budget === 'cost' ? 0.01 : 1}
            value={amount}
            onChange={({ target }) => setAmount(target.value)}
          />
        </label>
        <button type="submit" className="button button-primary" disabled={answer.isPending || !enough}>
          {answer.isPending ? 'Granting …' : `Grant ${amountText(spent.budget, enough ? more : 0)} more`}
        </button>
      </div>
    </form>
  );
};
