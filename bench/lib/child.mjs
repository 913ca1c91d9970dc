// Runs one bench and sends its rows to the runner.
const { title, run } = await import(new URL(`../${process.argv[2]}`, import.meta.url).href);
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort(new Error('It took too long.')));
process.once('SIGINT', () => stop.abort(new Error('Interrupted.')));
const rows = await run(stop.signal);
process.send?.({ title, rows }, () => process.disconnect());
