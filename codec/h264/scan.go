package h264

// Inverse scans (clause 8.5.6 and 8.5.7): position in raster order by coefficient index.
var (
	zigzag4 = [16]uint8{0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15}
	field4  = [16]uint8{0, 4, 1, 8, 12, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15}
	zigzag8 = [64]uint8{
		0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
		35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
	}
	field8 = [64]uint8{
		0, 8, 16, 1, 9, 24, 32, 17, 2, 25, 40, 48, 56, 33, 10, 3, 18, 41, 49, 57, 26, 11, 4, 19, 34, 42, 50, 58, 27, 12, 5, 20,
		35, 43, 51, 59, 28, 13, 6, 21, 36, 44, 52, 60, 29, 14, 22, 37, 45, 53, 61, 30, 7, 15, 38, 46, 54, 62, 23, 31, 39, 47, 55, 63,
	}

	// The same for CAVLC's four interleaved blocks of an 8x8 block: coefficient 4 * k + i is at k of block i (clause 7.3.5.3.2).
	interleaved [2][4][16]uint8 // frame, field

	// blockX, blockY: position of a 4x4 luma block in units of blocks, by luma4x4BlkIdx (clause 6.4.3); blockRaster the same in
	// raster order; rasterBlock its inverse.
	blockRaster = [16]uint8{0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15}

	// chromaDCScan: chroma DC coefficients are in raster order (clause 8.5.11.1).
	chromaDCScan = [4]uint8{0, 1, 2, 3}
)

func buildScans() {
	for f, s := range [2]*[64]uint8{&zigzag8, &field8} {
		for i := 0; i < 4; i++ {
			for k := 0; k < 16; k++ {
				interleaved[f][i][k] = s[4*k+i]
			}
		}
	}
}

// codedBlockPattern is Table 9-4 for ChromaArrayType 1, by codeNum: for Intra_4x4 and Intra_8x8, then for Inter.
var codedBlockPattern = [2][48]uint8{
	{
		47, 31, 15, 0, 23, 27, 29, 30, 7, 11, 13, 14, 39, 43, 45, 46, 16, 3, 5, 10, 12, 19, 21, 26,
		28, 35, 37, 42, 44, 1, 2, 4, 8, 17, 18, 20, 24, 6, 9, 22, 25, 32, 33, 34, 36, 40, 38, 41,
	},
	{
		0, 16, 1, 2, 4, 8, 32, 3, 5, 10, 12, 15, 47, 7, 11, 13, 14, 6, 9, 31, 35, 37, 42, 44,
		33, 34, 36, 40, 39, 43, 45, 46, 17, 18, 20, 24, 19, 21, 26, 28, 23, 27, 29, 30, 22, 25, 38, 41,
	},
}

// monoBlockPattern is Table 9-4 for ChromaArrayType 0.
var monoBlockPattern = [2][16]uint8{
	{15, 0, 7, 11, 13, 14, 3, 5, 10, 12, 1, 2, 4, 8, 6, 9},
	{0, 1, 2, 4, 8, 3, 5, 10, 12, 15, 7, 11, 13, 14, 6, 9},
}

// chromaQP is Table 8-15: QPc by qPI.
var chromaQP = [52]uint8{
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29,
	29, 30, 31, 32, 32, 33, 34, 34, 35, 35, 36, 36, 37, 37, 37, 38, 38, 38, 39, 39, 39, 39,
}
