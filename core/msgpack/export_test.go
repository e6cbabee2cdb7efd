package msgpack

const MaxDepth = maxDepth

func (r *Reader) Map() int { return r.mapHead() }
