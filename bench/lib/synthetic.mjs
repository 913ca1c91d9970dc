/** Numbers that look random and are the same in every run: mulberry32. */
export const randomNumbers = (seed) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};

const WORDS =
  'account address agent answer array batch branch buffer bytes cache call change check client clock code column command commit config count cursor data date default delay delete depth entry error event example field file filter find folder format function graph group guard handle hash header history index input item join key label length level limit line link list log map message method mode module name node number object option order output owner page parse path pattern plan point port process query queue range reader record region release report request result retry role route row rule sample schema scope script search section select server session setting signal size source stack state stream string style table target task text thread time token tool tree type unit update user value version view window worker writer'.split(
    ' ',
  );

const author = (seed) => {
  const random = randomNumbers(seed);
  const below = (n) => Math.floor(random() * n);
  const word = () => WORDS[below(WORDS.length)];
  const words = (n) => Array.from({ length: n }, word).join(' ');
  const sentence = () => {
    const text = words(6 + below(12));
    return `${text[0].toUpperCase()}${text.slice(1)}.`;
  };
  const capital = () => {
    const text = word();
    return text[0].toUpperCase() + text.slice(1);
  };
  return { random, below, word, words, sentence, name: () => word() + capital() };
};

const script = (path, number) => {
  const { below, word, words, sentence, name, random } = author(number);
  const lines = [`import { ${name()} } from './${word()}.js';`, '', `/** ${sentence()} ${sentence()} */`];
  for (let f = 0; f < 2 + below(9); f++) {
    const [called, input, output] = [name(), word(), word()];
    lines.push(
      `/**`,
      ` * ${sentence()}`,
      ` * @param {string[]} ${input}s ${words(5)}`,
      ` */`,
      `export const ${called}${f} = (${input}s, limit = ${below(1000)}) => {`,
      `  const ${output}List = [];`,
      ...(random() < 0.06 ? [`  // ${['TODO', 'FIXME', 'HACK'][below(3)]}: ${words(8)}`] : [`  // ${sentence()}`]),
      `  for (const [index, one] of ${input}s.entries()) {`,
      `    if (index > limit || one === '${words(2)}') continue;`,
      ...(random() < 0.02 ? [`    if (!!one.length) break;`] : []),
      `    ${output}List.push({ index, text: \`\${one}-${word()}\`, size: one.length * ${below(20)} });`,
      `  }`,
      ...(random() < 0.01 ? ['  debugger;'] : []),
      `  return ${output}List.filter(({ size }) => size > ${below(100)}).map(({ text }) => text.trim());`,
      `};`,
      '',
    );
  }
  return lines.join('\n');
};

const document = (path, number, all) => {
  const { below, word, words, sentence, random } = author(number);
  const up = '../'.repeat(path.split('/').length - 1);
  const lines = [`# ${words(3)}`, ''];
  for (let s = 0; s < 3 + below(6); s++) {
    lines.push(`## ${words(2)} ${s}`, '');
    for (let p = 0; p < 1 + below(3); p++) {
      const target = random() < 0.03 ? `${up}docs/${word()}-gone.md` : up + all[below(all.length)];
      const typo = random() < 0.02 ? ' It will recieve the rest.' : '';
      lines.push(`${sentence()} ${sentence()} See [${words(2)}](${target}).${typo} ${sentence()}`, '');
    }
    lines.push(...Array.from({ length: 1 + below(5) }, () => `- \`${word()}\`: ${words(6)}`), '');
    if (random() < 0.4) lines.push('```js', `const ${word()} = ${below(100)};`, '```', '');
  }
  return lines.join('\n');
};

const folder = (n) => `packages/${WORDS[n % 40]}-${n % 37}`;

/** 3,800 files in the proportions of a large TypeScript repository: 3,300 scripts of 10 MB, 300 documents of 1 MB, and data, with a
 * few faults of every kind. */
export const project = () => {
  const scripts = Array.from(
    { length: 3300 },
    (_, n) =>
      `${folder(n)}/${n % 4 === 0 ? 'lib' : 'src'}/${WORDS[n % WORDS.length]}-${n}.${n % 3 === 0 ? 'ts' : 'js'}`,
  );
  const documents = Array.from({ length: 300 }, (_, n) => `docs/${WORDS[n % 25]}/${WORDS[n % WORDS.length]}-${n}.md`);
  const data = Array.from({ length: 200 }, (_, n) => `${folder(n)}/data/${WORDS[n % WORDS.length]}-${n}.json`);
  return [
    ...scripts.map((path, n) => [path, script(path, n)]),
    ...documents.map((path, n) => [path, document(path, 10_000 + n, documents)]),
    ...data.map((path, n) => [path, `${JSON.stringify({ n, path, words: WORDS.slice(n % 50, 60) }, null, 2)}\n`]),
  ];
};

/** 57,000 small files in 2,850 folders, three deep, as in a large monorepo. */
export const monorepo = function* () {
  for (let n = 0; n < 57_000; n++) {
    const folder = Math.floor(n / 20);
    const path = `packages/p${Math.floor(folder / 57)}/d${folder % 57}/f${n}.md`;
    yield [path, `# File ${n}\n\nThe ${WORDS[n % WORDS.length]} of ${WORDS[(n * 7) % WORDS.length]}.\n`];
  }
};
