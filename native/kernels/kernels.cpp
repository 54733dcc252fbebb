// Everything that is compiled once for each instruction set, and the table of it.
#include "cells.hpp"
#include "index.hpp"
#include "normalize.hpp"
#include "pooling.hpp"

namespace annette {
namespace ANNETTE_ISA {

const MicroOp kOps[] = {ANNETTE_ELEMENTWISE_TABLE ANNETTE_CAST_TABLE ANNETTE_UPDATE_TABLE,
                        ANNETTE_CELL_TABLE};

#define ANNETTE_TEXT(x) #x
#define ANNETTE_NAME(x) ANNETTE_TEXT(x)

struct Second {
    Kernel of[kKinds] = {};
    constexpr Second() {
        of[kLoop] = run_loop_join;
        of[kMatmul] = run_matmul_join;
        of[kSum] = run_reduce_join<Sum>;
        of[kProd] = run_reduce_join<Prod>;
        of[kMax] = run_reduce_join<Max>;
        of[kMin] = run_reduce_join<Min>;
        of[kLayerNormGradient] = run_layer_norm_gradient_join;
        of[kConv] = run_conv_rest;
        of[kConvFilter] = run_conv_filter_rest;
        of[kDepthwiseFilter] = run_depthwise_filter_rest;
    }
};
constexpr Second kSecond;

extern const Kernels kTable;
const Kernels kTable = {
    ANNETTE_NAME(ANNETTE_ISA),
    kOps,
    sizeof kOps / sizeof kOps[0],
    {
        nullptr,
        run_loop,
        run_matmul,
        run_reduce<Sum>,
        run_reduce<Prod>,
        run_reduce<Max>,
        run_reduce<Min>,
        run_argmax<true>,
        run_argmax<false>,
        run_softmax,
        run_log_softmax,
        run_sparse_cross_entropy,
        run_cross_entropy,
        run_layer_norm,
        run_layer_norm_gradient,
        run_take,
        run_scatter_add,
        run_take_along,
        run_put_along,
        run_random_bits,
        run_cumsum,
        nullptr,
        run_pack,
        run_within,
        run_conv,
        run_conv_filter,
        run_depthwise,
        run_depthwise_filter,
        run_max_pool,
        run_max_unpool,
    },
    kSecond.of,
    kPanel<float>,
    kPanel<double>,
};

} // namespace ANNETTE_ISA
} // namespace annette
