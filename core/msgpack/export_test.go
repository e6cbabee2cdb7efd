package msgpack

const MaxDepth = maxDepth
