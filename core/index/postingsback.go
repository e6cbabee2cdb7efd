package index

// Rewind moves p to the first item that is at least record, which may lie before the next
// item. Its cost is the logarithm of the distance.
func (p *Postings) Rewind(record uint32) error {
	if p.at > p.from {
		v, err := p.item(p.at-1, farItems)
		if err != nil {
			return err
		}
		if v >= record {
			return p.rewind(record)
		}
	}
	_, err := p.Seek(record)
	return err
}

// rewind is Rewind when the item before the next one is at least record.
func (p *Postings) rewind(record uint32) error {
	// The items before lo are below record. The item at hi is not.
	lo, hi := p.from, p.at-1
	for step := uint32(1); step <= hi-lo; step *= 2 {
		v, err := p.item(hi-step, farItems)
		if err != nil {
			return err
		}
		if v < record {
			lo = hi - step + 1
			break
		}
		hi -= step
	}
	for lo < hi {
		mid := lo + (hi-lo)/2
		v, err := p.item(mid, farItems)
		if err != nil {
			return err
		}
		if v < record {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	p.at = hi
	return nil
}

// Last moves p to the last n items below end, and returns the first of them: from there up
// to end are at most n items. It returns first when the item would be lower or there are
// fewer. n must be positive and first below end.
func (p *Postings) Last(first, end uint32, n int) (uint32, error) {
	if err := p.Rewind(end); err != nil {
		return None, err
	}
	if uint64(p.at-p.from) <= uint64(n) {
		p.at = p.from
		return first, nil
	}
	v, err := p.item(p.at-uint32(n), uint32(n))
	if err != nil {
		return None, err
	}
	if v >= end { // lists rise
		return None, ErrTable
	}
	p.at -= uint32(n)
	return max(v, first), nil
}

// Previous returns the item before the next one; there must be one.
func (p *Postings) Previous() (uint32, error) {
	if p.at <= p.from {
		return None, ErrTable
	}
	return p.checkedItem(p.at - 1)
}

func (p *Postings) checkedItem(place uint32) (uint32, error) {
	v, err := p.item(place, farItems)
	if err != nil {
		return None, err
	}
	return p.checked(v, 0)
}
