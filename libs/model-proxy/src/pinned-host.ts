import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { HyperRunError } from '#contracts';
import { connectName, type Host } from './host.js';

/** Where machines in a cloud are told their secrets. No model and no registry lives there. */
const METADATA = new BlockList();
METADATA.addSubnet('169.254.0.0', 16, 'ipv4');
METADATA.addSubnet('fe80::', 10, 'ipv6');
METADATA.addAddress('fd00:ec2::254', 'ipv6');

const isMetadata = ({ address, family }: LookupAddress) => METADATA.check(address, family === 6 ? 'ipv6' : 'ipv4');

/** A host whose name is looked up once: what it means then, it means for as long as this lives. */
export class PinnedHost {
  #addresses?: Promise<readonly LookupAddress[]>;

  constructor(readonly host: Host) {}

  /**
   * A failure is not kept: the next call tries again.
   * @throws HyperRunError network.unknown-host (retry), network.forbidden-address
   */
  async addresses(): Promise<readonly LookupAddress[]> {
    this.#addresses ??= this.#resolve();
    try {
      return await this.#addresses;
    } catch (error) {
      this.#addresses = undefined;
      throw error;
    }
  }

  /** What a connection to this host looks its address up with. @throws as `addresses` */
  async lookup(): Promise<LookupFunction> {
    const all = await this.addresses();
    return (_name, options, callback) => {
      const [first] = all;
      if (options.all === true || first === undefined) callback(null, [...all]);
      else callback(null, first.address, first.family);
    };
  }

  async #resolve(): Promise<readonly LookupAddress[]> {
    const name = connectName(this.host);
    const family = isIP(name);
    const all = family === 0 ? await lookup(name, { all: true }).catch(unknownHost(name)) : [{ address: name, family }];
    if (!all.some(isMetadata)) return all;
    throw new HyperRunError(
      'network.forbidden-address',
      `${name} is a link-local address, at which clouds keep secrets: nothing is sent there.`,
      { host: name },
      'operator',
    );
  }
}

const unknownHost = (name: string) => (cause: unknown) => {
  throw new HyperRunError('network.unknown-host', `The name ${name} cannot be looked up.`, { host: name }, 'retry', {
    cause,
  });
};
