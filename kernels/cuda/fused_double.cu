#include "kernels/cuda/fused_launch.cuh"

namespace residua::cuda {

template std::size_t workspace_bytes<double>(TermId, const MlpShape&, std::int64_t, bool);
template void fused<double>(TermId, const Network<double>&, const Points<double>&, const FusedWeights<double>&,
                            const FusedResult<double>&, Workspace, Stream);
template void evaluate<double>(TermId, const Network<double>&, const Points<double>&, double*, Workspace, Stream);

}  // namespace residua::cuda
