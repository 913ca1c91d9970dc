#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { readLedger } from '../src/ledger.js';
import * as report from '../src/report.js';

const [command = 'help', file] = process.argv.slice(2);
const answers = { brightest: report.brightest, faintest: report.faintest, nights: report.nights, check: () => [] };

if (!(command in answers) || file === undefined) {
  console.log('usage: star-ledger brightest|faintest|nights|check FILE');
  process.exit(2);
}

const { sightings, refused } = readLedger(readFileSync(file, 'utf8'));
for (const text of answers[command](sightings)) console.log(text);
for (const { message } of refused) console.error(message);
process.exitCode = refused.length > 0 ? 1 : 0;
