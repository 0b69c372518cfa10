import { SandboxError } from '../core/sandbox.ts';

/** `host:5000/team/name`, then `:tag`, `@sha256:…` or both. */
const imageName =
  /^(?<name>(?:[a-z0-9.-]+(?::\d+)?\/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)(?::(?<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(?<digest>sha256:[a-f0-9]{64}))?$/;

export interface ImageName {
  readonly name: string;
  /** What the engine fetches: the digest where there is one. */
  readonly version: string;
}

/**
 * An image that always means the same, as far as names go: with a tag that is not `latest`, or with a digest.
 * @throws SandboxError `refused`
 */
export const parseImageName = (image: string): ImageName => {
  const { name, tag, digest } = imageName.exec(image)?.groups ?? {};
  if (name === undefined)
    throw new SandboxError('refused', `“${image}” is no name of an image. Write it like python:3.12-slim.`);
  const version = digest ?? tag;
  if (version === undefined || version === 'latest') {
    const why = version === undefined ? 'has no tag' : 'has the tag latest';
    throw new SandboxError(
      'refused',
      `The image ${image} ${why}, so it would be another one every few weeks. Name a version, like python:3.12-slim.`,
    );
  }
  return { name, version };
};
