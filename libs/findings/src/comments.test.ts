import { describe, expect, it } from '@jest/globals';
import { commentsOf } from './comments.js';
import { analyse, memoryTree } from './index.js';
import { languageOf } from './languages.js';

const commentsIn = (path: string, text: string): string[] => {
  const language = languageOf(path);
  return language ? commentsOf(text, language).map(({ start, end }) => text.slice(start, end)) : [];
};

describe('the comments of a program', () => {
  it.each([
    ['a.ts', 'x = "// no"; // yes\n/* and */ y', ['// yes', '/* and */']],
    ['a.ts', 'const a = `// no ${b /* yes */ + `// no`} // no`; // yes', ['/* yes */', '// yes']],
    ['a.ts', 'const r = /[/"]\\/\\/ no/g; // yes', ['// yes']],
    ['a.ts', 'const d = a / b; // yes\nreturn /"/.test(s); // also', ['// yes', '// also']],
    ['a.tsx', '<a href="x">http://no</a>; // yes', ['// yes']],
    ['a.py', 's = """\n# no\n"""  # yes\nt = \'# no\'', ['# yes']],
    ['a.go', "x := `// no`; c := '\"' // yes", ['// yes']],
    ['a.rs', "fn f<'a>(x: &'a str) {} // yes\nlet c = '\"'; // also", ['// yes', '// also']],
    ['a.sh', 'echo "# no" ${#no} $# # yes', ['# yes']],
    ['a.sql', "select '-- no' -- yes", ['-- yes']],
    ['a.css', 'a { b: "/* no */" } /* yes */', ['/* yes */']],
    ['a.html', '<p>// no</p><!-- yes -->', ['<!-- yes -->']],
    ['Makefile', 'a: b # yes', ['# yes']],
    ['a.ts', '/* never closed', ['/* never closed']],
  ])('%s: %s', (path, text, comments) => expect(commentsIn(path, text)).toEqual(comments));
});

describe('what was left for later', () => {
  const todosIn = async (path: string, text: string) =>
    (await analyse(memoryTree({ [path]: text }), { sources: ['todo'] })).findings;

  it('is found in comments, with its words', async () => {
    const [finding] = await todosIn('src/a.ts', 'const a = 1; // TODO(me): make it two\n');
    expect(finding).toMatchObject({ rule: 'TODO', confidence: 'certain', range: { startLine: 1, startColumn: 17 } });
    expect(finding?.message).toBe('Left for later: TODO(me): make it two');
    expect(finding?.fixer).toBeUndefined();
  });

  it('may stand behind other words when a colon or a name follows', async () =>
    expect(await todosIn('a.ts', '// works for now, TODO: less\n// fine. XXX(me) why?\n')).toHaveLength(2));

  it.each([
    'const TODO = "TODO"; const s = `TODO`;\n',
    '// the `TODO` marker, "FIXME" and TODO_LIST\n',
    '// +49 XXX-XXX, XXX.XXX\n',
    '// the age of a TODO, and of every FIXME\n',
  ])('is not what is merely called so: %s', async (text) => expect(await todosIn('a.ts', text)).toEqual([]));
});
