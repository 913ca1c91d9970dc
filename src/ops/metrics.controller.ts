import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { EventStore } from '#event-store';
import { AnswersText } from '../http/answers.decorator.js';
import { EVENT_STORE } from '../log/log.port.js';
import { SseHub } from '../stream/sse-hub.port.js';
import { EventLoop } from './event-loop.js';
import { counter, gauge, prometheusText } from './metrics.js';

@ApiTags('operations')
@ApiBearerAuth()
@Controller('metrics')
export class MetricsController {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(SseHub) private readonly hub: SseHub,
    @Inject(EventLoop) private readonly loop: EventLoop,
  ) {}

  @Get()
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  @ApiOperation({ summary: 'For Prometheus' })
  @AnswersText(200, 'text/plain', 'Metrics in the text format')
  async metrics(): Promise<string> {
    const position = await this.store.top();
    const memory = process.memoryUsage();
    const cpu = process.cpuUsage();
    const lag = this.loop.lag();
    return prometheusText([
      counter('events_total', 'Events in the log.', position),
      gauge(
        'stream_lag_events',
        'Events in the log that this process has not told its clients.',
        Math.max(0, position - this.hub.newest),
      ),
      gauge('stream_clients', 'Clients that follow the stream.', this.hub.clients),
      gauge('stream_pending_bytes', 'Bytes that wait for slow clients.', this.hub.pendingBytes),
      counter('stream_deliveries_total', 'Events that went out live, once per client.', this.hub.deliveries),
      gauge('resident_memory_bytes', 'Memory of the process.', memory.rss),
      gauge('heap_used_bytes', 'JavaScript heap in use.', memory.heapUsed),
      counter('cpu_seconds_total', 'Processor time of the process.', (cpu.user + cpu.system) / 1e6),
      gauge('uptime_seconds', 'Age of the process.', process.uptime()),
      {
        name: 'hyper_run_event_loop_lag_seconds',
        type: 'gauge',
        help: 'How late timers were since the last time this was read.',
        samples: Object.entries(lag).map(([quantile, value]) => ({ labels: { quantile }, value })),
      },
    ]);
  }
}
