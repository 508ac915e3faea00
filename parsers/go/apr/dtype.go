package apr

import (
	"fmt"
	"math/big"

	"github.com/aprfmt/aprfmt/parsers/go/internal/facts"
)

// String returns the name of the element type in the specification, q4_k say; the two ids of older writers have the
// name of the type that they stand for. An id that the format does not know is unknown(ID).
func (d DType) String() string {
	if known, ok := facts.DTypes[uint8(d)]; ok {
		return known.Name
	}
	return fmt.Sprintf("unknown(%d)", uint8(d))
}

// BlockElems returns the number of elements that are stored together; 1 when each stands alone, 0 for an unknown id.
func (d DType) BlockElems() uint64 { return facts.DTypes[uint8(d)].BlockElems }

// BlockBytes returns the number of bytes that [DType.BlockElems] elements take.
func (d DType) BlockBytes() uint64 { return facts.DTypes[uint8(d)].BlockBytes }

// ScaleBytes returns the number of bytes that a tensor has once, in front of its blocks.
func (d DType) ScaleBytes() uint64 { return facts.DTypes[uint8(d)].ScaleBytes }

// Quantized tells whether the elements are quantised.
func (d DType) Quantized() bool { return facts.DTypes[uint8(d)].Quantized }

// sizes returns the numbers of bytes that a tensor of this shape may have, the one that a writer makes first. Beyond
// what an index can say they are no more than lower bounds.
func (d DType) sizes(shape []uint64) []*big.Int {
	dtype := facts.DTypes[uint8(d)]
	scale := new(big.Int).SetUint64(dtype.ScaleBytes)
	n := elements(shape, dtype.BlockElems)
	if n.Sign() == 0 {
		// A tensor without elements has no bytes; the scale of a type that has one may stand alone.
		return []*big.Int{n, scale}
	}
	flat := blocks(n, dtype)
	allowed := []*big.Int{flat.Add(flat, scale)}
	if dtype.RowPadded && len(shape) == 2 {
		byRow := blocks(new(big.Int).SetUint64(shape[1]), dtype)
		byRow.Mul(byRow, new(big.Int).SetUint64(shape[0]))
		allowed = append(allowed, byRow.Add(byRow, scale))
	}
	return allowed
}

// elements returns the product of the dimensions. It stops as soon as no length field could hold the number of blocks:
// a product of 255 large dimensions would take time and say nothing more.
func elements(shape []uint64, blockElems uint64) *big.Int {
	n := big.NewInt(1)
	for _, dim := range shape {
		if dim == 0 {
			return new(big.Int)
		}
	}
	most := new(big.Int).Lsh(new(big.Int).SetUint64(blockElems), 64)
	factor := new(big.Int)
	for _, dim := range shape {
		if n.Mul(n, factor.SetUint64(dim)); n.Cmp(most) > 0 {
			break
		}
	}
	return n
}

// blocks returns the number of bytes of the blocks that hold n elements.
func blocks(n *big.Int, dtype facts.DType) *big.Int {
	elems := new(big.Int).SetUint64(dtype.BlockElems)
	count, rest := new(big.Int).QuoRem(n, elems, new(big.Int))
	if rest.Sign() > 0 {
		count.Add(count, big.NewInt(1))
	}
	return count.Mul(count, new(big.Int).SetUint64(dtype.BlockBytes))
}
