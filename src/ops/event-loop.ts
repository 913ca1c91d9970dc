import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';

/** How late timers are in this process, in seconds, since it was asked last. */
@Injectable()
export class EventLoop implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #delay: IntervalHistogram = monitorEventLoopDelay({ resolution: 20 });

  onApplicationBootstrap(): void {
    this.#delay.enable();
  }

  onModuleDestroy(): void {
    this.#delay.disable();
  }

  lag(): { readonly p50: number; readonly p99: number; readonly max: number } {
    const seconds = (nanoseconds: number) => nanoseconds / 1e9;
    const lag = {
      p50: seconds(this.#delay.percentile(50)),
      p99: seconds(this.#delay.percentile(99)),
      max: seconds(this.#delay.max),
    };
    this.#delay.reset();
    return lag;
  }
}
