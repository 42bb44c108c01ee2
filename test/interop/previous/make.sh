#!/usr/bin/env bash
# make.sh COMMIT: packs the package as of a commit, and leaves what Node runs of it in nnrp-rx.tgz.
set -euo pipefail
cd "$(git -C "$(dirname "$0")" rev-parse --show-toplevel)"
target=$PWD/test/interop/previous/nnrp-rx.tgz
commit=$(git rev-parse "${1:?the commit whose package is wanted}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir "$work/source"
git archive "$commit" | tar -x -C "$work/source"
cd "$work/source"
npm ci --no-audit --no-fund
npm pack --pack-destination "$work"
cd "$work"
tar -xzf nnrp-rx-*.tgz
# No types, no maps, no ES modules; the same bytes whenever it is made.
{ echo package/package.json; find package/dist/cjs -name '*.js' | sort; } > files
tar -c --files-from=files --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u=rw,go=r | gzip -9n > trimmed.tgz
mv trimmed.tgz "$target"
