// Refuses products of matrices that do not fit together.
#include "check.hpp"

namespace annette {
namespace {

struct ProductCheck : Checker {
    void matmul() const {
        need((work.in.size() == 2 || work.in.size() == 3) && work.has_loop, "needs two matrices");
        const View &a = work.in[0], &b = work.in[1];
        const std::size_t rank = a.shape.size();
        need(rank >= 2 && b.shape.size() == rank, "needs two matrices of one rank");
        need(real(a.type) && a.type == b.type, "needs matrices of one real dtype");
        need(a.shape[rank - 1] == b.shape[rank - 2], "has matrices that do not fit together");
        const Loop &l = work.loop;
        need(l.rank == static_cast<int>(rank) && l.shape[rank - 2] == a.shape[rank - 2] &&
                 l.shape[rank - 1] == b.shape[rank - 1] && l.registers > 0 && l.types[0] == a.type,
             "has a loop that does not fit its product");
        for (std::size_t d = 0; d + 2 < rank; ++d)
            need(a.shape[d] == l.shape[d] && b.shape[d] == l.shape[d], "has unequal batches");
        if (work.in.size() == 3)
            panels(b, work.in[2]);
    }

    // `packed` has the panels of b, one after the other, the last one filled up.
    void panels(const View &b, const View &packed) const {
        need(b.shape.size() == 2 && real(b.type) && packed.type == b.type,
             "packs no matrix of real numbers");
        dense(packed);
        const std::int64_t panel = kernels.panel(b.type);
        std::int64_t wide = 0, all = 0;
        need(!__builtin_add_overflow(b.shape[1], panel - 1, &wide) &&
                 !__builtin_mul_overflow(wide / panel * panel, b.shape[0], &all) &&
                 elements(packed) == all,
             "has panels of another size");
    }

    void packing() const {
        need(work.in.size() == 1 && work.out.size() == 1, "needs one matrix");
        panels(work.in[0], work.out[0]);
    }
};

} // namespace

void check_product(const Checker &all) {
    const ProductCheck product{all};
    if (all.work.kind == kPack)
        product.packing();
    else
        product.matmul();
}

} // namespace annette
