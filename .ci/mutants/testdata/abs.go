package example

// Abs is the code changed by the mutants of table.txt.
func Abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

// Max has the text of Abs a second time.
func Max(a, b int) int {
	if a > b {
		return a
	}
	return b
}

// Sum loops.
func Sum(n int) int {
	sum := 0
	for n > 0 {
		sum += n
		n--
	}
	return sum
}
