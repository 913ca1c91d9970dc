const figure = (value, unit) => {
  const digits = unit === '×' || unit === '%' ? 2 : Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
};

const print = (text) => process.stdout.write(`${text}\n`);

export const printHeading = (machine) => {
  print(
    `\n${machine.system} · ${machine.cpu} · ${machine.memoryGiB} GiB · node ${machine.node} · redis ${machine.redis} · postgresql ${machine.postgresql} · git ${machine.git} · ripgrep ${machine.ripgrep} · load ${machine.load}`,
  );
  print(`\n${line('what', 'median', 'min – max', 'runs', 'goal', '')}`);
};

const line = (what, median, range, runs, goal, reached) =>
  `${what.padEnd(66)} ${median.padStart(16)}  ${range.padStart(20)}  ${String(runs).padStart(4)}  ${goal} ${reached}`.trimEnd();

export const printRows = ({ name, title, seconds, load, rows }) => {
  print(`\n${name.toUpperCase()} ${title} (${seconds.toFixed(0)} s, load ${load[0]} → ${load[1]})`);
  for (const row of rows) {
    if (row.absent !== undefined) {
      print(`  ${row.what.padEnd(64)} ${'not measured'.padStart(16)}  ${row.absent}`);
      continue;
    }
    const range = `${figure(row.min, row.unit)} – ${figure(row.max, row.unit)}`;
    const reached = row.reached === undefined ? '' : row.reached ? 'reached' : 'MISSED';
    print(
      line(`  ${row.what}`, `${figure(row.median, row.unit)} ${row.unit}`, range, row.runs, row.goal ?? '', reached),
    );
    if (row.note !== undefined) print(`    ${row.note}`);
  }
};
