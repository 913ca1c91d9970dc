import { describe, expect, it } from '@jest/globals';
import { analyse, fixFindings, memoryTree } from './index.js';

const spellingOf = async (files: Record<string, string>) =>
  (await analyse(memoryTree(files), { sources: ['spelling'] })).findings;
const subjects = async (files: Record<string, string>) =>
  (await spellingOf(files)).map(({ message }) => /“(\w+)”/.exec(message)?.[1]);

const PROSE = 'This is the text that you read, and it is in English for the sake of it.';

describe('a misspelling', () => {
  it('is found in prose and corrected in its own case', async () => {
    const tree = memoryTree({ 'a.md': `${PROSE} Recieve it, then recieve it.\n` });
    const { findings } = await analyse(tree);
    expect(findings.map(({ rule, fixer }) => [rule, fixer])).toEqual([
      ['misspelling', 'spelling'],
      ['misspelling', 'spelling'],
    ]);
    const fixed = await fixFindings(
      tree,
      findings.map(({ findingId }) => findingId),
      ['a.md'],
    );
    expect(fixed.get('a.md')).toBe(`${PROSE} Receive it, then receive it.\n`);
  });

  it('is corrected one by one', async () => {
    const tree = memoryTree({ 'a.md': `${PROSE} Recieve it, then recieve it.\n` });
    const { findings } = await analyse(tree);
    const fixed = await fixFindings(tree, [findings[1]?.findingId ?? ''], ['a.md']);
    expect(fixed.get('a.md')).toBe(`${PROSE} Recieve it, then receive it.\n`);
  });

  it('is found in comments of programs', async () =>
    expect(await subjects({ 'a.ts': '// we recieve the data in this function\nlet x = 1;\n' })).toEqual(['recieve']));

  it('in a heading is shown, not repaired: links to its anchor would break', async () => {
    const [finding] = await spellingOf({ 'a.md': `# How to recieve\n\n${PROSE}\n` });
    expect(finding).toMatchObject({ rule: 'misspelling', notes: { suggestion: 'receive' } });
    expect(finding?.fixer).toBeUndefined();
  });
});

describe('a listed word is left alone', () => {
  const cases: [string, Record<string, string>][] = [
    ['in code', { 'a.md': `${PROSE} \`recieve\`\n\n    recieve\n` }],
    ['in an address', { 'a.md': `${PROSE} [x](./recieve) https://x.org/recieve recieve.io\n` }],
    ['in quotation marks', { 'a.md': `${PROSE} The word "recieve" is wrong.\n` }],
    ['as a name in the middle of a sentence', { 'a.md': `${PROSE} Ask Recieve about it.\n` }],
    ['as part of an identifier', { 'a.md': `${PROSE} recieve_data and on-recieve\n` }],
    ['when the code of the repository uses it', { 'a.md': `${PROSE} recieve\n`, 'a.ts': 'const recieveData = 1;\n' }],
    [
      'where it may be a plural, or both numbers',
      { 'a.md': `${PROSE} Some sortings and some parathesis are added.\n` },
    ],
    ['in strings of programs', { 'a.ts': '// the text of this is in the string\nconst x = "recieve";\n' }],
    [
      'in a text that is not English',
      {
        'a.md':
          'Das ist ein Satz über etwas anderes, wobei recieve hier nichts bedeutet und auch nichts bedeuten soll; wir schreiben einfach weiter, damit es genug Wörter sind, um eine Sprache daran zu erkennen, und noch ein paar mehr.\n',
      },
    ],
  ];
  it.each(cases)('%s', async (_name, files) => expect(await subjects(files)).toEqual([]));
});
