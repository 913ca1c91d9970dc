import { useId } from 'react';
import type { BudgetName } from '#contracts';
import { BUDGET_FIELDS, BUDGET_SHARES, type BudgetForm, type BudgetShare } from './budget-wish.js';

const NAMES: Readonly<Record<BudgetName, string>> = {
  wallSeconds: 'Time, minutes',
  toolCalls: 'Tool calls',
  tokens: 'Tokens',
  cost: 'Cost, US dollars',
};
const SHARES: Readonly<Record<BudgetShare, string>> = { task: 'each task', sprint: 'all together' };

interface BudgetFieldsProps {
  readonly form: BudgetForm;
  readonly onChange: (form: BudgetForm) => void;
  /** What an empty field means. */
  readonly empty: string;
}
/** The limits of each task, and of all tasks together. */
export const BudgetFields = ({ form, onChange, empty }: BudgetFieldsProps) => {
  const id = useId();
  return (
    <table className="budget-fields">
      <thead>
        <tr>
          <td />
          {BUDGET_SHARES.map((share) => (
            <th key={share} scope="col" id={`${id}-${share}`}>
              {SHARES[share]}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {BUDGET_FIELDS.map((name) => (
          <tr key={name}>
            <th scope="row" id={`${id}-${name}`}>
              {NAMES[name]}
            </th>
            {BUDGET_SHARES.map((share) => (
              <td key={share}>
                <input
                  type="number"
                  min={0}
                  step="any"
                  placeholder={empty}
                  aria-labelledby={`${id}-${name} ${id}-${share}`}
                  value={form[share][name]}
                  onChange={({ target }) => onChange({ ...form, [share]: { ...form[share], [name]: target.value } })}
                />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
};
