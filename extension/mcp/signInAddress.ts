/** Where a server may send us for its sign-in. What it names are its words: no way into this computer or its network. */
import { lookup as lookUpName } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';

/** Addresses of a host name. */
export type LookUp = (name: string) => Promise<readonly string[]>;

/** Where an address leads, the nearest first. */
type Reach = 'loopback' | 'private' | 'public';

/**
 * A request of a sign-in that was not made or got no answer, in words for a person. A TypeError, as `fetch` throws: the
 * SDK's discovery takes other errors for "there is no such document" and goes on without it.
 */
export class SignInRequestError extends TypeError {
  override readonly name = 'SignInRequestError';
}

const listOf = (ranges: readonly (readonly [string, number])[]): BlockList => {
  const list = new BlockList();
  for (const [net, prefix] of ranges) list.addSubnet(net, prefix, net.includes(':') ? 'ipv6' : 'ipv4');
  return list;
};

/** With the unspecified addresses: systems connect those to themselves. */
const loopback = listOf([
  ['127.0.0.0', 8],
  ['0.0.0.0', 8],
  ['::1', 128],
  ['::', 128],
]);
/** Also link-local (metadata services of clouds), carrier, benchmark, multicast, reserved, and IPv4 inside of IPv6. */
const near = listOf([
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
  ['fc00::', 7],
  ['fe80::', 9],
  ['ff00::', 8],
  ['64:ff9b::', 32],
  ['2002::', 16],
]);

const reachOfAddress = (address: string): Reach => {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  // The zone of a link-local address.
  const bare = address.replace(/%.*$/, '');
  if (loopback.check(bare, family)) return 'loopback';
  return near.check(bare, family) ? 'private' : 'public';
};

const lookUpAll: LookUp = async (name) =>
  (await lookUpName(name, { all: true })).map(({ address }) => address);

/** As it is compared: no brackets, no final dot. */
const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');

const isLocalName = (host: string): boolean => host === 'localhost' || host.endsWith('.localhost');

const reachOf = async (url: URL, lookUp: LookUp): Promise<Reach> => {
  const host = hostOf(url);
  if (isLocalName(host)) return 'loopback';
  if (isIP(host) !== 0) return reachOfAddress(host);
  // A name that only a proxy can look up is for the proxy to judge.
  const addresses = await lookUp(host).catch(() => []);
  const reaches = addresses.map(reachOfAddress);
  if (reaches.includes('loopback')) return 'loopback';
  return reaches.includes('private') ? 'private' : 'public';
};

/** http on this computer needs no encryption. */
export const isSecure = (url: URL): boolean => {
  if (url.protocol === 'https:') return true;
  const host = hostOf(url);
  return (
    url.protocol === 'http:' &&
    (isLocalName(host) || (isIP(host) !== 0 && reachOfAddress(host) === 'loopback'))
  );
};

export interface AddressCheck {
  /** Of anything that is requested. @throws SignInRequestError */
  request(url: URL): Promise<void>;
  /** Of a page for the person, and of whatever is sent secrets: https, or http on loopback. @throws SignInRequestError */
  endpoint(url: URL | string): Promise<void>;
}

export const createAddressCheck = (serverUrl: string, lookUp: LookUp = lookUpAll): AddressCheck => {
  const server = new URL(serverUrl);
  let serverReach: Promise<Reach> | undefined;

  const checkReach = async (url: URL): Promise<void> => {
    if (url.host === server.host) return;
    serverReach ??= reachOf(server, lookUp);
    const from = await serverReach;
    if (from === 'loopback') return;
    const to = await reachOf(url, lookUp);
    if (to === 'public' || (to === 'private' && from === 'private')) return;
    throw new SignInRequestError(
      to === 'loopback'
        ? `it points to this computer (${url.host}), which a server elsewhere must not`
        : `it points into a private network (${url.host}), which a server outside of it must not`,
    );
  };
  const checkForm = (url: URL): void => {
    if (url.username !== '' || url.password !== '') {
      throw new SignInRequestError(`it names an address with a user name in it (${url.host})`);
    }
  };

  return {
    async request(url) {
      checkForm(url);
      if (!isSecure(url) && !(url.protocol === 'http:' && url.origin === server.origin)) {
        throw new SignInRequestError(`it names an address that is not https (${url.protocol}//${url.host})`);
      }
      await checkReach(url);
    },
    async endpoint(address) {
      const url = URL.parse(String(address));
      if (url === null) throw new SignInRequestError('it names an address that is none');
      checkForm(url);
      if (!isSecure(url)) {
        throw new SignInRequestError(`it names an address that is not https (${url.protocol}//${url.host})`);
      }
      await checkReach(url);
    },
  };
};
