// Foreign words in a Markdown document of ours.

/** A repository's words in a Markdown document: shown as they are, never as markup, links or images, and calling nobody. */
export const plain = (text: string): string =>
  text
    .replace(/[\\`*_[\]<>|~]/g, '\\$&')
    .replace(/@(?=\w)/g, '@&#8203;')
    .replace(/\s+/g, ' ');

export const code = (words: string): string => {
  const text = words.replace(/\s+/g, ' ');
  const fence = '`'.repeat(Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length)) + 1);
  return fence.length > 1 ? `${fence} ${text} ${fence}` : `${fence}${text}${fence}`;
};

export const fenced = (text: string): string => {
  const fence = '`'.repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([run]) => run.length + 1)));
  return `${fence}text\n${text}\n${fence}`;
};
