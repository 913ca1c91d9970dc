// An agent asks a person (`elicitation/create`): one field at a time becomes a question.
import type { CreateElicitationRequest, CreateElicitationResponse } from '@agentclientprotocol/sdk';
import { z } from 'zod';
import type { Answer, Toolbox } from './tools.js';

const Field = z.looseObject({
  type: z.string(),
  title: z.string().nullish(),
  enum: z.array(z.string()).nullish(),
  oneOf: z.array(z.looseObject({ const: z.string(), title: z.string() })).nullish(),
});
type Field = z.infer<typeof Field>;
const Form = z.looseObject({
  mode: z.literal('form'),
  message: z.string(),
  requestedSchema: z.looseObject({ properties: z.record(z.string(), Field) }),
});

const DECLINED: CreateElicitationResponse = { action: 'decline' };

/** What a person answered; declined where the form has more than one field, or nobody answered. */
export const answerForm = async (
  request: CreateElicitationRequest,
  tools: Pick<Toolbox, 'ask'>,
): Promise<CreateElicitationResponse> => {
  const form = Form.safeParse(request);
  const fields = form.success ? Object.entries(form.data.requestedSchema.properties) : [];
  const [[name, field] = []] = fields;
  if (!form.success || name === undefined || field === undefined || fields.length !== 1) return DECLINED;
  const choices = choicesOf(field).slice(0, 20);
  const options = choices.map(({ label }, index) => ({ id: `option-${index + 1}`, label: label.slice(0, 200) }));
  const title = field.title == null || form.data.message.includes(field.title) ? '' : ` (${field.title})`;
  const answer = await tools.ask(`${form.data.message}${title}`.slice(0, 2000), options);
  const value = answer.timedOut ? undefined : valueOf(field, answer, choices, options);
  return value === undefined ? DECLINED : { action: 'accept', content: { [name]: value } };
};

interface Choice {
  readonly value: string | boolean;
  readonly label: string;
}

const choicesOf = (field: Field): Choice[] => {
  if (field.type === 'boolean') return [{ value: true, label: 'Yes' }, { value: false, label: 'No' }]; // prettier-ignore
  return [
    ...(field.oneOf ?? []).map(({ const: value, title }) => ({ value, label: title })),
    ...(field.enum ?? []).map((value) => ({ value, label: value })),
  ];
};

const valueOf = (
  field: Field,
  answer: Answer,
  choices: readonly Choice[],
  options: readonly { readonly id: string }[],
) => {
  if (choices.length > 0) return choices[options.findIndex(({ id }) => id === answer.choice)]?.value;
  if (field.type === 'string') return answer.text;
  if (field.type !== 'number' && field.type !== 'integer') return undefined;
  const number = Number(answer.text);
  return Number.isFinite(number) && (field.type === 'number' || Number.isInteger(number)) ? number : undefined;
};
