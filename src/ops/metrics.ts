export interface Metric {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly samples: readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: number }[];
}

/** The text format of Prometheus, version 0.0.4. */
export const prometheusText = (metrics: readonly Metric[]): string =>
  metrics
    .map(({ name, type, help, samples }) => {
      const lines = samples.map(({ labels = {}, value }) => `${name}${labelText(labels)} ${value}`);
      return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('\n')}\n`;
    })
    .join('');

const labelText = (labels: Readonly<Record<string, string>>) => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
};

export const gauge = (name: string, help: string, value: number): Metric => ({
  name: `hyper_run_${name}`,
  type: 'gauge',
  help,
  samples: [{ value }],
});

export const counter = (name: string, help: string, value: number): Metric => ({
  ...gauge(name, help, value),
  type: 'counter',
});

/** The same, once for each value of a label. */
export const labelled = (metric: Metric, label: string, values: Readonly<Record<string, number>>): Metric => ({
  ...metric,
  samples: Object.entries(values).map(([of, value]) => ({ labels: { [label]: of }, value })),
});
