import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { z } from 'zod';

const PACKAGE = '@cspell/dict-en-common-misspellings';
const Dictionary = z.object({ dictionaryDefinitions: z.array(z.object({ suggestWords: z.array(z.string()) })) });
const Manifest = z.object({ version: z.string() });

const MIN_LENGTH = 5;
const ENTRY = /^([a-z]+)->([a-z]+)$/;

/** Words of the list that somebody may well mean: names, jargon, old and regional spellings, other languages. */
const MEANT = new Set(
  (
    'keypair keypairs varaint therefor programing curch accreting ellipsises hashs listner parms referer vertexes indexs ' +
    'reenable reenabled reenabling reuseable unparseable parseable useable settable overwriteable iterable ' +
    'childs criterias datas informations softwares codecs transmiter doesnt dont wont cant couldnt ' +
    'wouldnt shouldnt isnt arent wasnt werent hasnt havent hadnt didnt thats whats theres lets youre theyre ' +
    'ture flase nulll trough inout inputed unselect unselected deselectable mimick mimicks ' +
    'afterall atleast aswell alot infact incase eachother everytime loosing thru ' +
    'hist tolen stati bufer exten pres wanna gonna stuf trys dependend dependant dependants convertable'
  ).split(' '),
);
/** Where the correction may have the wrong number: a plural that somebody uses, and a word that is misspelled the same
 *  way in both numbers. */
const isDoubtful = (wrong: string, right: string) => wrong === `${right}s` || right === 'parenthesis';

interface Misspellings {
  readonly corrections: ReadonlyMap<string, string>;
  readonly how: string;
}

let loaded: Misspellings | undefined;

/** The published list of common misspellings: words of five letters or more that have exactly one correction. */
export const misspellings = (): Misspellings => {
  if (loaded) return loaded;
  const folder = dirname(createRequire(import.meta.url).resolve(PACKAGE));
  const read = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'));
  const corrections = new Map<string, string>();
  for (const definition of Dictionary.parse(read('dict/dict-en.json')).dictionaryDefinitions) {
    for (const line of definition.suggestWords) {
      const [, wrong, right] = ENTRY.exec(line) ?? [];
      if (wrong === undefined || right === undefined || wrong.length < MIN_LENGTH) continue;
      if (!MEANT.has(wrong) && !isDoubtful(wrong, right)) corrections.set(wrong, right);
    }
  }
  loaded = { corrections, how: `${PACKAGE} ${Manifest.parse(read('package.json')).version}` };
  return loaded;
};
