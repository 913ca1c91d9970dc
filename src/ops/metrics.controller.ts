import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { EventStore } from '#event-store';
import { AnswersText } from '../http/answers.decorator.js';
import { EVENT_STORE } from '../log/log.port.js';
import { LogMemory } from '../log/log-memory.port.js';
import { EventHub } from '../stream/event-hub.port.js';
import { SseConnections, STREAMS } from '../stream/sse-connections.port.js';
import { LiveWorld } from '../world/live-world.port.js';
import { ParkedEvents } from '../world/parked-events.port.js';
import { EventLoop } from './event-loop.js';
import { counter, gauge, labelled, prometheusText, type Metric } from './metrics.js';

@ApiTags('operations')
@ApiBearerAuth()
@Controller('metrics')
export class MetricsController {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(EventHub) private readonly hub: EventHub,
    @Inject(SseConnections) private readonly connections: SseConnections,
    @Inject(EventLoop) private readonly loop: EventLoop,
    @Inject(LogMemory) private readonly memory: LogMemory,
    @Inject(LiveWorld) private readonly live: LiveWorld,
    @Inject(ParkedEvents) private readonly parked: ParkedEvents,
  ) {}

  @Get()
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  @ApiOperation({ summary: 'For Prometheus' })
  @AnswersText(200, 'text/plain', 'Metrics in the text format')
  async metrics(): Promise<string> {
    const position = await this.store.top();
    const behind = Math.max(0, position - this.live.world.position);
    const room = await this.memory.room();
    const memory = process.memoryUsage();
    const cpu = process.cpuUsage();
    const lag = this.loop.lag();
    return prometheusText([
      counter('events_total', 'Events in the log.', position),
      ...this.#stream(position),
      gauge('projection_lag_events', 'Events in the log that the state of this process has not taken in.', behind),
      labelled(
        gauge('parked_events', 'Events that a projection goes on without.', 0),
        'projection',
        this.parked.counts,
      ),
      gauge('log_memory_bytes', 'Memory that Redis uses.', room.usedBytes),
      gauge('log_memory_limit_bytes', 'Memory that it may use.', room.limitBytes),
      gauge('resident_memory_bytes', 'Memory of the process.', memory.rss),
      gauge('heap_used_bytes', 'JavaScript heap in use.', memory.heapUsed),
      counter('cpu_seconds_total', 'Processor time of the process.', (cpu.user + cpu.system) / 1e6),
      gauge('uptime_seconds', 'Age of the process.', process.uptime()),
      labelled(gauge('event_loop_lag_seconds', 'How late timers were since this was read last.', 0), 'quantile', lag),
    ]);
  }

  #stream(position: number): Metric[] {
    const { passMs, windowMs } = this.hub.lastPass;
    const { frames, bytes } = this.hub.memory;
    const lag = Math.max(0, position - this.hub.newest);
    return [
      gauge('stream_lag_events', 'Events in the log that this process has not told its clients.', lag),
      labelled(gauge('stream_clients', 'Clients that listen.', 0), 'stream', countsOf(this.connections)),
      gauge('stream_clients_behind', 'Clients of the events that catch up at their own pace.', this.hub.behind),
      gauge('stream_pending_bytes', 'Bytes that wait for slow clients.', this.connections.pendingBytes),
      labelled(counter('stream_deliveries_total', 'Events told, once per client.', 0), 'from', this.hub.deliveries),
      counter('stream_refused_total', 'Newcomers that found no room.', this.connections.refused),
      counter('stream_rotated_total', 'Connections that had lasted long enough.', this.connections.rotated),
      gauge('stream_last_pass_seconds', 'How long the last pass over all clients took.', passMs / 1000),
      gauge('stream_window_seconds', 'For how long events are gathered until the next pass.', windowMs / 1000),
      gauge('stream_memory_events', 'Newest events that are kept in memory for slow clients.', frames),
      gauge('stream_memory_bytes', 'Their bytes.', bytes),
    ];
  }
}

const countsOf = (connections: SseConnections) =>
  Object.fromEntries(STREAMS.map((stream) => [stream, connections.count(stream)]));
