package pages

// checkBlock is how many bytes CheckAll reads at once: few enough to stay in
// the processor's second cache between the copy and the sum.
const checkBlock = 64 * Size

// CheckAll reads and checks every page, whether seen or not, and returns the
// first error. It calls stop now and then and returns its error. stop may be
// nil.
func (c *Checked) CheckAll(stop func() error) error {
	b := make([]byte, min(checkBlock, c.size))
	r := smallBuffers.Get().(*buffers)
	defer smallBuffers.Put(r)
	for off := uint64(0); off < c.size; off += uint64(len(b)) {
		if stop != nil && off%(64*checkBlock) == 0 {
			if err := stop(); err != nil {
				return err
			}
		}
		b = b[:min(uint64(len(b)), c.size-off)]
		if err := c.fresh(b, off, r); err != nil {
			return err
		}
	}
	return nil
}
