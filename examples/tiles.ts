// Tiles of a picture that are made brighter: weights that stay the same are cached once, and referred to.
import { connect, createServer, decodeTensor, encodeParts, encodeTensor, memory, type Part } from 'nnrp-rx';
import { CacheObjectKind, decodeTensorSections, encodeTensorSections } from 'nnrp-rx/wire';

const UINT8 = 1;
const described = { roleId: 0, codecId: 0, dtypeId: UINT8, layoutId: 0, scalePolicy: 0 };
const weights = {
  objectKind: CacheObjectKind.PayloadLayoutTemplate,
  cacheNamespace: 1,
  cacheKeyHi: 0,
  cacheKeyLo: 1,
};

const endpoint = memory();
const server = createServer({ listen: endpoint, supportedCacheObjects: [weights.objectKind] });
server.sessions$.subscribe((session) => {
  session.respond(function* ({ parts, objects: [cached] }): Generator<Part> {
    const [part] = parts;
    if (part?.kind !== 'tensor' || cached === undefined) return;
    const factor = decodeTensorSections(cached.bytes)[0]!.tiles[0]![0]!;
    const { sections, tileIds = [] } = decodeTensor(part);
    const brighter = sections.map((section) => ({
      ...section,
      tiles: section.tiles.map((tile) => tile.map((value) => value * factor)),
    }));
    yield { kind: 'event', value: { factor, tiles: tileIds.length } };
    yield encodeTensor({ sections: brighter, tileIds });
  });
});

async function main(): Promise<void> {
  const client = await connect(endpoint);
  const session = await client.openSession();
  const table = encodeTensorSections([{ ...described, elementCountPerTile: 1, tiles: [Uint8Array.of(3)] }]);
  await session.cachePut({ ...weights, ttlMs: 60_000 }, table);
  const picture = encodeTensor({
    sections: [
      { dtypeId: UINT8, elementCountPerTile: 2, tiles: [Uint8Array.of(1, 2), Uint8Array.of(30, 40)] },
    ],
  });
  const question = encodeParts([picture], { references: [weights], revision: session.revision });
  for await (const part of session.submit(question).parts$) {
    if (part.kind === 'event') console.log(JSON.stringify(part.value));
    if (part.kind === 'tensor') console.log(decodeTensor(part).sections[0]!.tiles.map(String).join(' '));
  }
  await client.close();
  await server.close();
}

void main();
